"""How well the coding agrees with coded answers: first choice, hit, F1, per question and per code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.codebook import Codebook, load_codebook, shipped_codebooks
from pipeline.coding.choose import choose
from pipeline.coding.classify import find_model
from pipeline.coding.examples import load_examples, named_codes, read_lines, with_texts
from pipeline.errors import CodebookError, TableError, did_you_mean, problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What a line with an experience says of these facets; its other codes are not judged.
EXPERIENCE = {"valentie": "valence", "thema": "themes"}
LONGEST_NAME = 60  # of a survey and question that a message repeats


def evaluate(
    path: Path,
    *,
    codebook: str | Path | None = None,
    examples: Path | None = None,
    encoder: str | None = None,
    clean: Callable[[Sequence[str]], Sequence[str]] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Code the answers of a JSONL file and compare with the codes it names.

    A line is `{"survey", "question", "text", "codes": [labels or ids, primary first]}`, or `category` instead of codes;
    for experiences with a scheme `valence` (or null) and `themes`. A line does not judge a facet of which it
    names no code. `clean` takes personal data out of the texts of `examples`, as a run does.

    Returns:
        n, top1 (the highest-scoring code is the first listed), hit (the first listed code is applied),
        codes_per_answer, micro_f1, macro_f1; the same per question and, per code, n, precision, recall and f1. With
        experiences in the file also `valence_accuracy`, `theme_micro_f1` and `theme_macro_f1`. Of another codebook with
        facets these figures are per facet, in `facets`, and pooled over them.

    Raises:
        TableError, CodebookError, ModelError: the file, a codebook or the encoder is wrong.
    """
    lines = read_lines(path)
    by_book: dict[str, list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
    for number, line in lines.items():
        by_book[_question(line) if codebook is None else ""].append((number, line))
    parts: dict[str, dict[str, Any]] = {}
    done = 0
    books = {name: _codebook(name, codebook, path, numbered[0][0]) for name, numbered in by_book.items()}
    named = {
        name: [_named(line, books[name], path, f"line {number}") for number, line in numbered]
        for name, numbered in by_book.items()
    }
    for name, numbered in by_book.items():
        texts = [str(line["text"]) for _, line in numbered]
        parts[name or books[name].id] = _compare(texts, named[name], books[name], examples, encoder, clean)
        done += len(numbered)
        if progress is not None:
            progress(done, len(lines))
    return _together(parts)


def _question(line: Mapping[str, Any]) -> str:
    survey, question = str(line.get("survey") or ""), str(line.get("question") or "")
    return f"{survey}-{question}" if survey and question else survey or question


def _codebook(name: str, given: str | Path | None, path: Path, line: int) -> Codebook:
    """Return the codebook given, or the shipped one that the lines from this one on name."""
    if given is not None:
        return load_codebook(given)
    if name in shipped_codebooks():
        return load_codebook(name)
    short = len(name) <= LONGEST_NAME and len(name.split()) == 1  # longer ones may be an answer in the wrong key
    raise CodebookError(
        problem(
            file=path,
            place=f"line {line}",
            found=f"no shipped codebook '{name}'" if short else "no shipped codebook for this survey and question",
            do=f"give --codebook, or: {did_you_mean(name, shipped_codebooks())}",
        )
    )


def _named(line: Mapping[str, Any], book: Codebook, path: Path, place: str) -> dict[str, list[str] | None]:
    """Return per facet the ids of the codes that a line names, or None when it does not judge that facet.

    Raises:
        TableError: it names no code, or one that is not of the facet it is named for.
        CodebookError: it names a code that is not in the codebook.
    """

    def wrong(found: str, expected: str) -> TableError:
        return TableError(problem(file=path, place=place, found=found, expected=expected, do="correct that line"))

    def ids(names: Sequence[str]) -> list[str]:
        return [book.resolve(name, file=path, place=place, beside_answers=True) for name in names]

    out: dict[str, list[str] | None] = {facet.id: None for facet in book.facet_list()}
    if not (_about_experience(book) and any(line.get(key) is not None for key in EXPERIENCE.values())):
        if not (names := named_codes(line)):
            raise wrong("no codes", 'a key "codes" or "category"')
        found = ids(names)
        return {facet: [code for code in found if (book.by_id[code].facet or "") == facet] or None for facet in out}
    for facet, key in EXPERIENCE.items():
        value = line.get(key)
        if value is None:
            continue
        if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise wrong(f'no codes under "{key}"', "a text or a list of texts")
        out[facet] = found = ids(named_codes(line, (key,)))
        if stray := [code for code in found if book.by_id[code].facet != facet]:
            raise wrong(f"'{stray[0]}' under \"{key}\"", f"a code of facet '{facet}'")
    return out


def _about_experience(book: Codebook) -> bool:
    return EXPERIENCE.keys() <= {facet.id for facet in book.facets}


def _compare(
    texts: Sequence[str],
    named: Sequence[Mapping[str, list[str] | None]],
    book: Codebook,
    examples: Path | None,
    encoder: str | None,
    clean: Callable[[Sequence[str]], Sequence[str]] | None,
) -> dict[str, Any]:
    import numpy as np

    given = load_examples(examples, book) if examples is not None else None
    if given is not None and clean is not None:
        given = with_texts(given, clean([one.text for one in given]))
    model, loaded = find_model(book, encoder=encoder, examples=given)
    probability = model.probabilities(texts, loaded)
    out: dict[str, Any] = {"n": len(texts), "start": model.start, "model": model.version}
    experience = _about_experience(book)
    for facet in book.facet_list():
        learned = model.facets[facet.id]
        place = {code: column for column, code in enumerate(learned.codes)}
        scores = probability[facet.id]
        truth = np.zeros(scores.shape, dtype=bool)
        first = np.full(len(texts), -1)
        judged = np.ones(len(texts), dtype=bool)
        for row, ids in enumerate(named):
            found = ids[facet.id]
            judged[row] = found is not None
            columns = [place[code] for code in found or ()]
            truth[row, columns] = True
            if columns:
                first[row] = columns[0]
        chosen = choose(scores, learned, facet)
        labels = [book.by_id[code].label for code in learned.codes]
        measured = _measure(scores[judged], chosen[judged], truth[judged], first[judged], labels)
        if facet.id == "valentie" and experience:
            out["valence_accuracy"], out["valence"] = measured["top1"], measured
        elif facet.id == "thema" and experience:
            out["theme_micro_f1"], out["theme_macro_f1"] = measured["micro_f1"], measured["macro_f1"]
            out["theme"] = measured
        elif not experience and book.facets:
            out.setdefault("facets", {})[facet.id] = measured
        elif not experience:
            out |= measured
    return out


def _measure(
    scores: NDArray[Any], chosen: NDArray[Any], truth: NDArray[Any], first: NDArray[Any], labels: Sequence[str]
) -> dict[str, Any]:
    import numpy as np

    rows = np.flatnonzero(first >= 0)
    hits = (chosen & truth).sum(axis=0)
    given, wanted = chosen.sum(axis=0), truth.sum(axis=0)
    per_code = {
        label: {
            "n": int(wanted[i]),
            "precision": _ratio(hits[i], given[i]),
            "recall": _ratio(hits[i], wanted[i]),
            "f1": _ratio(2 * hits[i], given[i] + wanted[i]),
        }
        for i, label in enumerate(labels)
    }
    present = [code["f1"] or 0.0 for code in per_code.values() if code["n"]]
    counts = {
        "hits": int(hits.sum()),
        "given": int(given.sum()),
        "wanted": int(wanted.sum()),
        "with_first": len(rows),
        "first_likeliest": int((scores[rows].argmax(axis=1) == first[rows]).sum()),
        "first_given": int(chosen[rows, first[rows]].sum()),
    }
    return {
        "n": len(truth),
        "top1": _ratio(counts["first_likeliest"], len(rows)),
        "hit": _ratio(counts["first_given"], len(rows)),
        "codes_per_answer": _ratio(chosen.sum(), len(chosen)),
        "micro_f1": _ratio(2 * hits.sum(), given.sum() + wanted.sum()),
        "macro_f1": round(float(np.mean(present)), 4) if present else None,
        "counts": counts,
        "per_code": per_code,
    }


def _ratio(part: Any, whole: Any) -> float | None:
    return round(float(part) / float(whole), 4) if whole else None


def _together(parts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Pool the questions: all figures from the pooled counts, so that answers count equally; macro over all codes."""
    coded = [one for part in parts.values() for one in (part, *part.get("facets", {}).values()) if "top1" in one]
    experience = [part for part in parts.values() if "valence" in part]
    out: dict[str, Any] = {"n": sum(part["n"] for part in parts.values())}
    if coded:
        total = {key: sum(part["counts"][key] for part in coded) for key in coded[0]["counts"]}
        out["top1"] = _ratio(total["first_likeliest"], total["with_first"])
        out["hit"] = _ratio(total["first_given"], total["with_first"])
        out["codes_per_answer"] = _ratio(total["given"], sum(part["n"] for part in coded))
        out["micro_f1"] = _ratio(2 * total["hits"], total["given"] + total["wanted"])
        f1 = [c["f1"] or 0.0 for part in coded for c in part["per_code"].values() if c["n"]]
        out["macro_f1"] = round(sum(f1) / len(f1), 4) if f1 else None
    for part in experience:
        out |= {key: part[key] for key in ("valence_accuracy", "theme_micro_f1", "theme_macro_f1")}
    out["per_question"] = dict(parts)
    return out
