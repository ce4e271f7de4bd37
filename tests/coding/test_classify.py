"""Coding: reproducible, complete, calibrated; from examples, from few of them, and from the codebook alone."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.bundled import bundled
from pipeline.codebook import Facet, load_codebook, shipped_codebooks
from pipeline.coding.calibrate import Calibration
from pipeline.coding.choose import choose
from pipeline.coding.classify import code_answers, find_model, kept_model
from pipeline.coding.embed import encoder_digest, load_encoder
from pipeline.coding.examples import Example, examples_digest, shipped_examples
from pipeline.coding.fit import NETWORK_SHARES, _Fitted, _folds, _with_network, fit_model
from pipeline.coding.model import ZERO_SHOT, FacetModel
from pipeline.coding.model_files import load_model, save_model
from pipeline.coding.networks import network_for
from pipeline.errors import ModelError, TableError

BUILD = Path(__file__).parents[2] / "models" / "build_classifiers.py"
BOOK = """
id: winkel
residual: anders
codes:
  - {id: prijs, label: Prijs, definition: De klant vindt het te duur, keywords: [duur, prijs, kosten, betalen]}
  - {id: wachten, label: Wachten, definition: Lang wachten bij de kassa, keywords: [rij, kassa, wachten, lang]}
  - {id: anders, label: Anders, definition: Iets anders}
"""
ANSWERS = pd.DataFrame(
    {
        "answer_id": ["a", "b", "c", "d"],
        "text": ["veel te duur", "lange rij bij de kassa", "veel te duur", "ignored"],
        "status": ["answer", "answer", "answer", "empty"],
    }
)


def texts(*rows: str) -> pd.DataFrame:
    return pd.DataFrame({"answer_id": [str(n) for n in range(len(rows))], "text": rows})


def applied(coded: pd.DataFrame) -> dict[str, set[str]]:
    rows = coded[coded["applied"]]
    return {str(key): set(group["code"]) for key, group in rows.groupby("answer_id")}


def test_a_codebook_without_examples_starts_from_its_own_words(write: Callable[..., Path]) -> None:
    coded = code_answers(ANSWERS, write("winkel.yaml", BOOK))
    assert applied(coded.codings) == {"a": {"prijs"}, "b": {"wachten"}, "c": {"prijs"}}
    assert coded.start == ZERO_SHOT
    assert set(coded.codings["role"]) == {"machine"}


@pytest.mark.parametrize("status", [{}, {"status": "answer"}])
def test_rows_without_a_text_are_left_out_whatever_their_status(
    write: Callable[..., Path], status: dict[str, str]
) -> None:
    rows = texts("veel te duur", "", "  ").assign(text=lambda table: table["text"].astype("object"))
    rows.loc[len(rows)] = ["none", None]
    rows.loc[len(rows)] = ["nan", float("nan")]
    assert set(code_answers(rows.assign(**status), write("winkel.yaml", BOOK)).codings["answer_id"]) == {"0"}


def test_answers_that_are_no_table_or_share_an_id_are_refused(write: Callable[..., Path]) -> None:
    book = write("winkel.yaml", BOOK)
    with pytest.raises(TypeError, match="a table is expected: pandas.DataFrame"):
        code_answers(["veel te duur"], book)  # type: ignore[arg-type]
    with pytest.raises(TableError, match="table answers: 2 rows share their answer_id; expected answer_id to be uniq"):
        code_answers(texts("veel te duur", "lange rij", "prijs").assign(answer_id=["a", "b", "a"]), book)


def test_every_answer_gets_a_score_for_every_code_and_at_least_one_code(write: Callable[..., Path]) -> None:
    hard = texts("xqzw", "👍", "…", "a" * 100_000, "prijs prijs kassa kassa")
    coded = code_answers(hard, write("winkel.yaml", BOOK))
    assert len(coded.scores) == len(hard) * 3
    assert coded.scores["score"].between(0, 1).all()
    assert set(applied(coded.codings)) == set(hard["answer_id"])


def test_row_order_and_doubles_do_not_change_a_score(write: Callable[..., Path]) -> None:
    path = write("winkel.yaml", BOOK)
    one = code_answers(ANSWERS, path).scores.set_index(["answer_id", "code"])["score"]
    other = code_answers(ANSWERS.iloc[::-1], path).scores.set_index(["answer_id", "code"])["score"]
    pd.testing.assert_series_equal(one.sort_index(), other.sort_index())


def test_the_same_input_and_seed_give_the_same_bytes(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write("winkel.yaml", BOOK)
    words = ["duur", "rij", "groen", "bij de kassa"] * 10  # enough to hold some out, by chance, and not all alike
    examples = [Example(f"{word} {n}", (("prijs", "wachten", "anders")[n % 3],)) for n, word in enumerate(words)]
    for name in ("one", "two"):
        coded = code_answers(ANSWERS, path, examples=examples, cache=tmp_path / name)
        coded.scores.to_parquet(tmp_path / f"{name}.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    kept = [sorted((tmp_path / name).iterdir()) for name in ("one", "two")]
    assert [p.name for p in kept[0]] == [p.name for p in kept[1]]
    assert [p.read_bytes() for p in kept[0]] == [p.read_bytes() for p in kept[1]]


def test_codebooks_whose_ids_have_a_dot_keep_a_model_each(write: Callable[..., Path], tmp_path: Path) -> None:
    books = [load_codebook(write(f"{year}.yaml", BOOK.replace("id: winkel", f"id: winkel.{year}"))) for year in (1, 2)]
    for book in books:
        find_model(book, cache=tmp_path / "kept")
    assert len(list((tmp_path / "kept").iterdir())) == 4
    assert [kept_model(book, examples=[], cache=tmp_path / "kept") is not None for book in books] == [True, True]


def test_a_kept_model_is_of_one_seed(write: Callable[..., Path], tmp_path: Path) -> None:
    """Another seed splits the examples otherwise when it calibrates: the model of the first one would not do."""
    book = load_codebook(write("winkel.yaml", BOOK))
    words = ["duur", "rij", "groen"] * 10
    examples = [Example(f"{word} {n}", (("prijs", "wachten", "anders")[n % 3],)) for n, word in enumerate(words)]
    models = [find_model(book, examples=examples, seed=seed, cache=tmp_path / "kept")[0] for seed in (1, 2, 1, 2)]
    assert models[0].version == models[2].version != models[1].version == models[3].version
    assert kept_model(book, examples=examples, seed=3, cache=tmp_path / "kept") is None


def test_fifteen_examples_teach_a_distinction_that_its_words_do_not_make(write: Callable[..., Path]) -> None:
    book = load_codebook(write("cb.yaml", "codes: [Groep een, Groep twee, Anders]\nresidual: anders\n"))
    animals = "hond kat paard koe schaap geit kip eend muis vis konijn varken ezel gans vos".split()
    tools = "hamer zaag boor tang beitel schaaf vijl bijl schop hark emmer ladder kwast rol lijm".split()
    examples = [Example(f"ik zag een {word} staan", ("groep-een",)) for word in animals]
    examples += [Example(f"ik kocht een {word} daar", ("groep-twee",)) for word in tools]
    coded = code_answers(texts("de hond en de kat", "een zaag en een hamer"), book, examples=examples)
    assert applied(coded.codings) == {"0": {"groep-een"}, "1": {"groep-twee"}}


def test_a_second_reading_makes_the_model_less_sure_and_is_never_judged_by_the_first(
    write: Callable[..., Path],
) -> None:
    """Answers on which two readers differ get a score for both codes, and no code for certain."""
    book, encoder = load_codebook(write("winkel.yaml", BOOK)), load_encoder()
    rng = np.random.default_rng(1)
    alike = [
        Example(f"{word} {rng.integers(100_000)}", (code,))
        for word, code in (("duur", "prijs"), ("rij", "wachten"), ("groen", "anders"))
        for _ in range(20)
    ]
    split = [Example(f"blauw {rng.integers(100_000)}", ("prijs",), second=("wachten",)) for _ in range(20)]
    once = fit_model(book, [*alike, *(replace(one, second=()) for one in split)], encoder)
    twice = fit_model(book, [*alike, *split], encoder)
    by_one, by_two = (model.probabilities(["blauw 1"], encoder)[""][0] for model in (once, twice))
    price, wait = (twice.facets[""].codes.index(code) for code in ("prijs", "wachten"))
    assert by_one[price] > 0.8 > 0.2 > by_one[wait]
    assert 0.3 < by_two[price] < 0.7
    assert 0.3 < by_two[wait] < 0.7


def test_readings_of_one_text_are_held_out_together() -> None:
    texts = [f"antwoord {n}" for n in range(40)]
    first = np.arange(80) % 3  # the second time another code than the first
    folds = _folds([*texts, *texts], first, seed=1)
    assert folds is not None
    assert folds[:40].tolist() == folds[40:].tolist()
    assert np.bincount(folds).tolist() == [16] * 5


@pytest.mark.parametrize(("network_knows", "share"), [(True, max(NETWORK_SHARES)), (False, min(NETWORK_SHARES))])
def test_the_network_has_the_share_under_which_the_codes_are_likeliest(network_knows: bool, share: float) -> None:
    rng = np.random.default_rng(1)
    odds, noise = rng.normal(0, 2, (200, 3)), rng.normal(0, 2, (200, 3))
    applied, weight = rng.random((200, 3)) < 1 / (1 + np.exp(-odds)), np.ones(200)
    linear, network = (noise, odds) if network_knows else (odds, noise)
    model = FacetModel(("a", "b", "c"), "many", {}, Calibration.blank(3))
    fitted = _Fitted(model, np.arange(200), linear, applied, odds.argmax(axis=1), weight)
    assert _with_network(fitted, network, np.ones(200, dtype=bool)).share == share


def test_fixed_codes_hold_for_every_answer() -> None:
    coded = code_answers(
        texts("Heel blij mee, nieuwe bril van gekocht"), "minimabeleid-ervaring", fixed_codes=["Bijzondere bijstand"]
    )
    found = applied(coded.codings)["0"]
    assert {"bijzondere-bijstand", "positief"} <= found
    schemes = {code.id for code in load_codebook("minimabeleid-ervaring").in_facet("regeling")}
    assert found & schemes == {"bijzondere-bijstand"}


def test_where_one_box_serves_all_schemes_the_scheme_is_coded_too() -> None:
    rows = texts("De kwijtschelding van de afvalstoffenheffing ging vanzelf", "prima geregeld")
    found = applied(code_answers(rows, "minimabeleid-ervaring").codings)
    assert "kwijtschelding" in found["0"]
    assert "regeling-onbekend" in found["1"]


def test_valence_is_exactly_one() -> None:
    codes = {code.id for code in load_codebook("minimabeleid-ervaring").in_facet("valentie")}
    rows = texts("Heel blij mee", "Duurde veel te lang", "Zwemles", "Fijn maar te weinig")
    for found in applied(code_answers(rows, "minimabeleid-ervaring").codings).values():
        assert len(found & codes) == 1


def test_the_residual_never_stands_beside_a_likelier_code() -> None:
    probability = np.array([[0.6, 0.5, 0.5], [0.1, 0.2, 0.7]])
    model = FacetModel(("a", "b", "rest"), "many", {}, Calibration(1.0, np.zeros(3), np.full(3, 0.4)))
    chosen = choose(probability, model, Facet(id="", residual="rest"))
    assert chosen.tolist() == [[True, True, False], [False, False, True]]


@pytest.mark.parametrize(("facet", "unsure"), [("regeling", "rest"), ("soort", "a")])
def test_only_the_scheme_is_the_residual_when_no_code_is_likely(facet: str, unsure: str) -> None:
    codes, probability = ("a", "b", "rest"), np.array([[0.45, 0.44, 0.11], [0.3, 0.5, 0.2]])
    model = FacetModel(codes, "one", {}, Calibration.blank(3))
    chosen = choose(probability, model, Facet(id=facet, choice="one", residual="rest"))
    assert [codes[column] for column in chosen.argmax(axis=1)] == [unsure, "b"]
    assert chosen.sum() == 2


@pytest.mark.parametrize("name", shipped_codebooks())
def test_the_shipped_model_belongs_to_what_ships(name: str) -> None:
    """`make models` was run after the last change of codebook, examples, encoder or network."""
    codebook = load_codebook(name)
    model = load_model(bundled("models", "classifiers", name))
    assert model.codebook_digest == codebook.digest
    assert model.examples_digest == examples_digest(shipped_examples(codebook))
    assert model.encoder_digest == encoder_digest(None)
    assert model.network is network_for(codebook)  # loading it compares the digests


def test_the_build_script_writes_the_model_of_a_codebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "minimabeleid-succes"
    few = shipped_examples(load_codebook(name))[:60]
    monkeypatch.setattr("pipeline.coding.examples.shipped_examples", lambda _codebook: few)
    monkeypatch.setattr("sys.argv", ["build_classifiers.py", "--only", name, "--out", str(tmp_path)])
    build = runpy.run_path(str(BUILD))["main"]
    assert build() is None
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"{name}.json", f"{name}.safetensors"]
    assert load_model(tmp_path / name).examples_digest == examples_digest(few)
    few.clear()
    assert build() == f"codebook {name}: no examples. Next: add annotations/examples/{name}.jsonl."


def test_a_model_survives_the_disk(write: Callable[..., Path], tmp_path: Path) -> None:
    from pipeline.coding.embed import load_encoder

    book = load_codebook(write("winkel.yaml", BOOK))
    model = fit_model(book, [], load_encoder())
    save_model(model, tmp_path / "m")
    again = load_model(tmp_path / "m")
    rows = ["veel te duur", "…", "de rij"]
    one, two = model.probabilities(rows, load_encoder()), again.probabilities(rows, load_encoder())
    np.testing.assert_allclose(one[""], two[""], atol=2e-3)  # kept in half precision
    assert model.version == again.version


def test_a_kept_model_is_loaded_once_and_again_when_its_files_change(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    book, kept = load_codebook(write("winkel.yaml", BOOK)), tmp_path / "kept"
    first, encoder = find_model(book, cache=kept)
    assert kept_model(book, examples=[], cache=kept) is find_model(book, cache=kept)[0] is first
    (numbers,) = kept.glob("*.safetensors")
    sure = replace(first, facets={"": replace(first.facets[""], calibration=Calibration(9.0, np.zeros(3), np.ones(3)))})
    save_model(sure, numbers.with_suffix(""))
    again = find_model(book, cache=kept)[0]
    assert again is not first
    assert again.probabilities(["duur"], encoder)[""].max() > first.probabilities(["duur"], encoder)[""].max()
    numbers.unlink()
    with pytest.raises(ModelError, match="missing or damaged"):
        find_model(book, cache=kept)


def test_a_damaged_or_missing_model_says_so(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text("{")
    with pytest.raises(ModelError, match=r"m\.safetensors: missing or damaged"):
        load_model(tmp_path / "m")


@pytest.mark.parametrize("folder", ["/nergens/model", "./nergens"])
def test_an_encoder_folder_that_is_not_there(folder: str) -> None:
    with pytest.raises(ModelError, match="no such model folder"):
        code_answers(ANSWERS, "participatiewet-succes", encoder=folder)


def test_a_damaged_encoder_folder(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("{half")
    with pytest.raises(ModelError, match="damaged"):
        code_answers(ANSWERS, "participatiewet-succes", encoder=str(tmp_path))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(TableError, match="column 'text' is missing"):
        code_answers(pd.DataFrame({"answer_id": ["1"]}), "participatiewet-succes")


def test_scores_mean_what_they_say_on_the_demo_by_another_hand(demo_source: Path) -> None:
    """Expected calibration error on answers that no model has seen (issue: at most 0.05)."""
    name = "participatiewet-verbeter"
    lines = (demo_source / "source" / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t", 1) for line in lines if not line.startswith("!")]
    model, encoder = find_model(load_codebook(name))
    probability = model.probabilities([text for _, text in rows], encoder)[""]
    codes = model.facets[""].codes
    truth = np.array([[code in names.split("|") for code in codes] for names, _ in rows])
    bins = np.minimum((probability * 10).astype(int), 9)
    error = sum(
        abs(probability[bins == b].mean() - truth[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)
    )
    assert error <= 0.05
    assert (probability.argmax(axis=1) == [codes.index(names.split("|")[0]) for names, _ in rows]).mean() > 0.7


def test_the_examples_file_of_a_shipped_codebook_is_jsonl() -> None:
    for name in shipped_codebooks():
        path = bundled("annotations", "examples", f"{name}.jsonl")
        assert all(json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines())
