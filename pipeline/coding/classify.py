"""Code answers: from texts to a calibrated score per code and the codes that apply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.bundled import bundled
from pipeline.codebook import Codebook, load_codebook
from pipeline.coding.batches import batches_of_probabilities
from pipeline.coding.choose import choose
from pipeline.coding.embed import Encoder, load_encoder
from pipeline.coding.encoder_files import encoder_digest
from pipeline.coding.examples import Example, examples_digest, load_examples, shipped_examples
from pipeline.coding.fit import fit_model
from pipeline.coding.model import FORMAT, CodeModel
from pipeline.coding.model_files import ModelKey, files_of, load_model, model_key, save_model
from pipeline.coding.networks import network_digest, network_for
from pipeline.errors import TableError, problem
from pipeline.tables import ANSWER, CODINGS, SCORES, check_table

if TYPE_CHECKING:
    import pandas as pd

MOST_LOADED = 4  # models that stay in memory


class Coded(NamedTuple):
    """The tables `scores` and `codings` (role `machine`), the version of the model that made them, and its start."""

    scores: pd.DataFrame
    codings: pd.DataFrame
    model: str
    start: str  # "learned" from examples, or "zero-shot": from the codebook's own words alone


def find_model(
    codebook: Codebook,
    *,
    encoder: str | None = None,
    examples: Sequence[Example] | None = None,
    seed: int = 1,
    cache: Path | None = None,
    learned: Path | None = None,
) -> tuple[CodeModel, Encoder]:
    """Return the model of a codebook: the shipped one when it fits, one kept in `cache`, else newly learned.

    A model `learned` from reviewed answers goes before all when it is of this codebook and encoder. Without
    `examples`, those that ship for a codebook of that id are used, and none for another codebook (zero-shot).

    Raises:
        ModelError: the encoder or a kept model can't be loaded.
    """
    if examples is None:
        examples = shipped_examples(codebook)
    model = kept_model(codebook, encoder=encoder, examples=examples, seed=seed, cache=cache, learned=learned)
    loaded = load_encoder(encoder)
    if model is None:
        model = fit_model(codebook, examples, loaded, seed=seed, network=network_for(codebook))
        if cache is not None:
            place = _place_in(cache, codebook.id, _key(codebook, examples, encoder), seed)
            save_model(model, place)
            model = _loaded(place)  # in half precision, so that this run gives what the next one will
    return model, loaded


def kept_model(
    codebook: Codebook,
    *,
    encoder: str | None = None,
    examples: Sequence[Example],
    seed: int = 1,
    cache: Path | None = None,
    learned: Path | None = None,
) -> CodeModel | None:
    """Return the model that `find_model` would without learning one, or None when it would have to.

    Raises:
        ModelError: the encoder or a kept model can't be loaded.
    """
    key = _key(codebook, examples, encoder)
    wanted = (key, key._replace(network=None))  # it is left out where it has seen nearly all examples
    if learned is not None and model_key(learned)._replace(examples=key.examples) in wanted:  # it has more
        return _loaded(learned)
    places = [bundled("models", "classifiers", codebook.id)]
    if cache is not None:
        places.append(_place_in(cache, codebook.id, key, seed))
    for place in places:
        if files_of(place)[1].is_file() and model_key(place) in wanted:
            return _loaded(place)
    return None


def _loaded(place: Path) -> CodeModel:
    """Return a kept model, loaded anew only when its files have changed.

    Questions with one codebook then share what it remembers of words. So nobody changes a model; `replace` copies it.
    """
    try:
        found = [file.stat() for file in files_of(place)]
    except OSError:
        return load_model(place)  # says what is missing
    return _as_it_was(place, *((one.st_ino, one.st_mtime_ns, one.st_size) for one in found))


@lru_cache(maxsize=MOST_LOADED)
def _as_it_was(place: Path, *_: tuple[int, int, int]) -> CodeModel:
    return load_model(place)


def _key(codebook: Codebook, examples: Sequence[Example], encoder: str | None) -> ModelKey:
    return ModelKey(
        FORMAT, codebook.digest, examples_digest(examples), encoder_digest(encoder), network_digest(codebook)
    )


def _place_in(cache: Path, codebook_id: str, key: ModelKey, seed: int) -> Path:
    return cache / "-".join((codebook_id, key.codebook, key.examples, key.encoder, str(seed)))


def code_answers(
    answers: pd.DataFrame,
    codebook: Codebook | str | Path,
    *,
    encoder: str | None = None,
    examples: Sequence[Example] | str | Path | None = None,
    fixed_codes: Sequence[str] = (),
    seed: int = 1,
    cache: Path | None = None,
    learned: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Coded:
    """Code the answers to one question into a codebook.

    Args:
        answers: table with at least `answer_id` and `text`; rows without a text are left out, and those with a `status`
            other than `answer`.
        codebook: a codebook, the name of a shipped one, or a file.
        encoder: a sentence-transformers model by folder or name; the shipped Dutch one by default.
        examples: coded examples or a JSONL file; by default those that ship with the codebook. A model in `cache` keeps
            their words: take personal data out first (`pseudonymise`).
        fixed_codes: ids or labels of codes that hold for every answer (the scheme a column is about).
        seed: of the random choices in learning.
        cache: folder where a newly learned model is kept.
        learned: a model that `duiding learn` kept, used when it is of this codebook and encoder.
        progress: called with (answers done, answers in all).

    Returns:
        `scores`: one row per answer and code, score 0-1; `codings`: the same rows with `applied`, role `machine`.

    Raises:
        CodebookError, ModelError, TableError: what was given is wrong; the message says what and where.
        TypeError: `answers` is no table.
    """
    import numpy as np
    import pandas as pd

    if not isinstance(answers, pd.DataFrame):
        raise TypeError("a table is expected: pandas.DataFrame({'answer_id': [...], 'text': [...]})")
    book = codebook if isinstance(codebook, Codebook) else load_codebook(codebook)
    if isinstance(examples, str | Path):
        examples = load_examples(Path(examples), book)
    for column in ("answer_id", "text"):
        if column not in answers.columns:
            raise TableError(problem(place="table answers", found=f"column '{column}' is missing"))
    fixed = [book.resolve(code) for code in fixed_codes]
    todo = answers[answers["text"].notna() & (answers["text"].astype("str").str.strip() != "")]
    if "status" in todo.columns:
        todo = todo[todo["status"] == ANSWER]
    if twice := int(todo["answer_id"].duplicated(keep=False).sum()):
        same = f"{twice} rows share their answer_id"
        raise TableError(problem(place="table answers", found=same, expected="answer_id to be unique"))
    model, loaded = find_model(book, encoder=encoder, examples=examples, seed=seed, cache=cache, learned=learned)
    texts = [str(text) for text in todo["text"]]
    distinct = list(dict.fromkeys(texts))
    order = {code.id: column for column, code in enumerate(book.codes)}
    facets = {facet.id: facet for facet in book.facet_list()}
    scores = np.zeros((len(distinct), len(order)))
    applied = np.zeros((len(distinct), len(order)), dtype=bool)
    done = 0
    for found in batches_of_probabilities(model, loaded, distinct):
        rows = slice(done, done + len(next(iter(found.values()))))
        for name, probability in found.items():
            facet = model.facets[name]
            columns = [order[code] for code in facet.codes]
            scores[rows, columns] = probability
            applied[rows, columns] = choose(probability, facet, facets[name])
            given = [code for code in fixed if code in facet.codes]
            if given:
                scores[rows, columns] = 0.0
                applied[rows, columns] = False
                scores[rows, [order[code] for code in given]] = 1.0
                applied[rows, [order[code] for code in given]] = True
        done = rows.stop
        if progress is not None:
            progress(done, len(distinct))
    place = {text: row for row, text in enumerate(distinct)}
    row_of = np.array([place[text] for text in texts], dtype=np.int64)
    ids = todo["answer_id"].astype("str").array.take(np.repeat(np.arange(len(texts)), len(order)))
    codes = pd.array(list(order), dtype="str").take(np.tile(np.arange(len(order)), len(texts)))
    key = pd.DataFrame({"answer_id": ids, "code": codes})
    score_table = key.assign(score=np.round(scores[row_of].ravel(), 4))
    coding_table = key.assign(applied=applied[row_of].ravel(), coder="machine", role="machine")
    return Coded(check_table(score_table, SCORES), check_table(coding_table, CODINGS), model.version, model.start)
