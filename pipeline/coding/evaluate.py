"""How well the coding agrees with coded answers: first choice, hit, F1, per question and per code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.codebook import Codebook, load_codebook, shipped_codebooks
from pipeline.coding.classify import choose, find_model
from pipeline.coding.examples import load_examples, named_codes, read_lines
from pipeline.errors import CodebookError, did_you_mean, problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXPERIENCE = ("valentie", "thema")


def evaluate(
    path: Path,
    *,
    codebook: str | Path | None = None,
    examples: Path | None = None,
    encoder: str | None = None,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Code the answers of a JSONL file and compare with the codes it names.

    A line is `{"survey", "question", "text", "codes": [labels or ids, primary first]}`, or `category` instead of codes;
    for experiences with a scheme `valence` (or null) and `themes`.

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
    for name, numbered in by_book.items():
        if codebook is None and name not in shipped_codebooks():
            raise CodebookError(
                problem(
                    file=path,
                    place=f"line {numbered[0][0]}",
                    found=f"no shipped codebook '{name}'",
                    do=did_you_mean(name, shipped_codebooks()) + ", or give --codebook",
                )
            )
        book = load_codebook(name if codebook is None else codebook)
        parts[name or book.id] = _compare(path, numbered, book, examples, encoder, cache)
        done += len(numbered)
        if progress is not None:
            progress(done, len(lines))
    return _together(parts)


def _question(line: Mapping[str, Any]) -> str:
    survey, question = str(line.get("survey") or ""), str(line.get("question") or "")
    return f"{survey}-{question}" if survey and question else survey or question


def _compare(
    path: Path,
    numbered: Sequence[tuple[int, Mapping[str, Any]]],
    book: Codebook,
    examples: Path | None,
    encoder: str | None,
    cache: Path | None,
) -> dict[str, Any]:
    import numpy as np

    given = load_examples(examples, book) if examples is not None else None
    model, loaded = find_model(book, encoder=encoder, examples=given, cache=cache)
    probability = model.probabilities([str(line["text"]) for _, line in numbered], loaded)
    out: dict[str, Any] = {"n": len(numbered), "start": model.start, "model": model.version}
    experience = any(facet.id in EXPERIENCE for facet in book.facets)
    for facet in book.facet_list():
        learned = model.facets[facet.id]
        place = {code: column for column, code in enumerate(learned.codes)}
        scores = probability[facet.id]
        truth = np.zeros(scores.shape, dtype=bool)
        first = np.full(len(numbered), -1)
        judged = np.ones(len(numbered), dtype=bool)
        for row, (number, line) in enumerate(numbered):
            names = _names(line, facet.id, experience)
            judged[row] = names is not None
            ids = [book.resolve(name, file=path, place=f"line {number}") for name in names or ()]
            columns = [place[code] for code in ids if code in place]
            truth[row, columns] = True
            if columns:
                first[row] = columns[0]
        chosen = choose(scores, learned.codes, learned.choice, learned.calibration.thresholds, facet.residual, facet.id)
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


def _names(line: Mapping[str, Any], facet: str, experience: bool) -> list[str] | None:
    """Return the codes a line gives for a facet; None when it gives none to judge by."""
    if not experience:
        return named_codes(line)
    if facet == "valentie":
        value = line.get("valence")
        return None if value is None else [str(value)]
    if facet == "thema":
        themes = line.get("themes")
        return None if themes is None else [str(theme) for theme in themes]
    return None


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
    return {
        "n": len(truth),
        "top1": _ratio((scores[rows].argmax(axis=1) == first[rows]).sum(), len(rows)),
        "hit": _ratio(chosen[rows, first[rows]].sum(), len(rows)),
        "codes_per_answer": _ratio(chosen.sum(), len(chosen)),
        "micro_f1": _ratio(2 * hits.sum(), given.sum() + wanted.sum()),
        "macro_f1": round(float(np.mean(present)), 4) if present else None,
        "counts": {"hits": int(hits.sum()), "given": int(given.sum()), "wanted": int(wanted.sum())},
        "per_code": per_code,
    }


def _ratio(part: Any, whole: Any) -> float | None:
    return round(float(part) / float(whole), 4) if whole else None


def _together(parts: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Pool the questions: answers count equally; F1 from the pooled counts, macro over all codes."""
    coded = [one for part in parts.values() for one in (part, *part.get("facets", {}).values()) if "top1" in one]
    experience = [part for part in parts.values() if "valence" in part]
    out: dict[str, Any] = {"n": sum(part["n"] for part in parts.values())}
    if coded:
        n = sum(part["n"] for part in coded)
        for key in ("top1", "hit", "codes_per_answer"):
            out[key] = round(sum((part[key] or 0.0) * part["n"] for part in coded) / n, 4)
        out["micro_f1"] = _pooled_f1(coded)
        f1 = [c["f1"] or 0.0 for part in coded for c in part["per_code"].values() if c["n"]]
        out["macro_f1"] = round(sum(f1) / len(f1), 4) if f1 else None
    for part in experience:
        out |= {key: part[key] for key in ("valence_accuracy", "theme_micro_f1", "theme_macro_f1")}
    out["per_question"] = dict(parts)
    return out


def _pooled_f1(parts: Sequence[Mapping[str, Any]]) -> float | None:
    hits, given, wanted = (sum(part["counts"][key] for part in parts) for key in ("hits", "given", "wanted"))
    return _ratio(2 * hits, given + wanted)
