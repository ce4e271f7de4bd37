"""Coded example answers: what the classifier learns from."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.bundled import bundled
from pipeline.codebook import Codebook, load_codebook
from pipeline.coding.words import LONE_SURROGATES
from pipeline.errors import TableError, nearest, problem
from pipeline.validation import read_text

#: Keys of a line that name codes; the first code named is the primary one.
CODE_KEYS = ("codes", "category", "themes", "valence", "scheme")
SECOND, THIRD = MORE_READERS = ("second", "third")  # the codes of other readers
MOST_WEIGHT = 100
#: What a line may hold besides; `coder` looks like a mistyped `codes` and is none.
BESIDE = ("text", "survey", "question", "coder")
LIKE = 0.8  # from here on two keys look alike
MOST_KEPT = 8  # sets of examples that stay in memory, for questions share them


@dataclass(frozen=True)
class Example:
    """An answer with the ids of all codes that hold for it, primary first, and for how many answers it counts.

    `second` is what a second reader gave it, where that differs; `third` what a third one did, where there was one and
    somebody differs.
    """

    text: str
    codes: tuple[str, ...]
    weight: float = 1.0
    second: tuple[str, ...] = ()
    third: tuple[str, ...] = ()

    @property
    def readings(self) -> tuple[tuple[str, ...], ...]:
        """The codes that each reader gave, two of them where nobody read it a third time."""
        return self.codes, self.second or self.codes, *([self.third] if self.third else [])


def read_lines(path: Path) -> dict[int, dict[str, Any]]:
    """Return the objects of a JSONL file with coded answers, by their line in the file, from 1.

    Raises:
        TableError: the file is missing, not UTF-8, empty, or a line is not an object with a text.
    """
    return _objects(read_text(path, TableError), path)


def _objects(content: str, path: Path) -> dict[int, dict[str, Any]]:
    out = {}
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:  # a number of thousands of digits, or as many brackets
            raise TableError(
                problem(
                    file=path,
                    place=f"line {number}",
                    found="not valid JSON",
                    expected="one JSON object per line",
                    do="correct that line",
                )
            ) from error
        if not isinstance(found, dict) or not isinstance(found.get("text"), str):
            raise TableError(
                problem(
                    file=path,
                    place=f"line {number}",
                    found="no text",
                    expected='an object with a key "text"',
                    do="correct that line",
                )
            )
        # Half of a torn emoji is valid JSON, but no file can hold it.
        out[number] = found | {"text": LONE_SURROGATES.sub("", found["text"])}
    if not out:
        raise TableError(problem(file=path, found="no answers", expected="one JSON object per line"))
    return out


def named_codes(line: Mapping[str, Any], keys: Sequence[str] = CODE_KEYS) -> list[str]:
    """Return the labels or ids that a line names under some keys, in order, without doubles."""
    names: list[str] = []
    for key in keys:
        value = line.get(key)
        if isinstance(value, str):
            names.append(value)
        elif isinstance(value, Sequence):
            names += [str(item) for item in value]
    return list(dict.fromkeys(names))


def load_examples(path: Path, codebook: Codebook) -> list[Example]:
    """Return the coded examples of a file.

    Raises:
        TableError: the file is wrong (see `read_lines`), a line has a blank text or a mistyped key, names no code, or
            its weight is no such number.
        CodebookError: a line names a code that is not in the codebook.
    """
    return list(_parsed(read_text(path, TableError), path, codebook))


@lru_cache(maxsize=MOST_KEPT)
def _parsed(content: str, path: Path, codebook: Codebook) -> tuple[Example, ...]:
    """Read a text once, however many questions and stages of a run ask for its examples."""
    out = []
    for number, line in _objects(content, path).items():
        if not line["text"].strip():
            raise TableError(
                problem(
                    file=path,
                    place=f"line {number}",
                    found="a text without words",
                    expected="an answer",
                    do="write it, or leave the line out",
                )
            )
        _check_keys(line, path, number)
        codes, second, third = (
            tuple(
                dict.fromkeys(
                    codebook.resolve(name, file=path, place=f"line {number}", beside_answers=True) for name in names
                )
            )
            for names in (named_codes(line), named_codes(line, (SECOND,)), named_codes(line, (THIRD,)))
        )
        if not codes:
            raise TableError(
                problem(
                    file=path,
                    place=f"line {number}",
                    found="no codes",
                    expected='a key "codes" or "category"',
                    do="correct that line",
                )
            )
        for reader, found in zip(MORE_READERS, (second, third), strict=True):
            if reader in line and not found:
                raise TableError(
                    problem(
                        file=path,
                        place=f"line {number}",
                        found=f"no codes of a {reader} reader",
                        expected=f'a list of codes in "{reader}"',
                        do=f"add them, or leave '{reader}' out",
                    )
                )
        weight = line.get("weight", 1)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= MOST_WEIGHT:
            raise TableError(
                problem(
                    file=path,
                    place=f"line {number}",
                    found="a weight that is no such number",
                    expected=f"a number above 0, at most {MOST_WEIGHT}",
                    do="correct it, or leave 'weight' out: the example then counts once",
                )
            )
        second = () if second == codes else second
        out.append(Example(line["text"], codes, float(weight), second, third if second or third != codes else ()))
    return tuple(out)


def _check_keys(line: Mapping[str, Any], path: Path, number: int) -> None:
    """Refuse a key that looks like one which has a meaning and is not there: it would be passed over without a word."""
    known = (*CODE_KEYS, *MORE_READERS, "weight")
    absent = [key for key in known if key not in line]
    for key in line:
        if key not in (*known, *BESIDE) and (meant := nearest(key, absent, LIKE)):
            raise TableError(
                problem(
                    file=path,
                    place=f"line {number}",
                    found=f"unknown key '{key}'",
                    expected=f"'{meant}', or a key that looks less like it",
                    do=f"did you mean '{meant}'?",
                )
            )


def examples_for(codebook: Codebook, path: Path | None) -> list[Example]:
    """Return the examples of a codebook: those in `path` when the user gave a file, else those that ship.

    Raises:
        TableError, CodebookError: the user's file is wrong (see `load_examples`).
    """
    return shipped_examples(codebook) if path is None else load_examples(path, codebook)


def with_texts(examples: Iterable[Example], texts: Iterable[str]) -> list[Example]:
    """Return the examples with other texts in place of theirs, in their order."""
    return [replace(one, text=text) for one, text in zip(examples, texts, strict=True)]


def shipped_examples(codebook: Codebook) -> list[Example]:
    """Return the examples that travel with Duiding for a shipped codebook; none for another one.

    They name the shipped codebook's codes. For an own codebook of the same id, one that names a code which is not in it
    is left out: what holds for that answer now, nobody said. Another reading that names one is left out too.
    """
    return list(_with_codes(codebook.id, frozenset(codebook.by_id)))


@lru_cache(maxsize=MOST_KEPT)
def _with_codes(name: str, known: Set[str]) -> list[Example]:
    fitting = [one for one in _of_id(name) if known >= set(one.codes)]
    return [one if known >= {*one.second, *one.third} else _without_unknown(one, known) for one in fitting]


def _without_unknown(one: Example, known: Set[str]) -> Example:
    second, third = (codes if known >= set(codes) else () for codes in (one.second, one.third))
    return replace(one, second=second, third=third)


def left_out(codebook: Codebook) -> int:
    """Return how many shipped examples name a code that this codebook of the same id lacks."""
    return len(_of_id(codebook.id)) - len(shipped_examples(codebook))


@lru_cache
def _of_id(name: str) -> list[Example]:
    path = bundled("annotations", "examples", f"{name}.jsonl")
    return load_examples(path, load_codebook(name)) if path.is_file() else []


def each_reading(examples: Iterable[Example]) -> list[Example]:
    """Return one example per coding: of the readers of an answer each counts for as much.

    >>> two = [Example("Te duur", ("prijs",)), Example("Lang wachten, en duur", ("rij",), second=("rij", "prijs"))]
    >>> [(one.codes, one.weight) for one in each_reading(two)]
    [(('prijs',), 1.0), (('rij',), 0.5), (('rij', 'prijs'), 0.5)]
    """
    out = []
    for one in examples:
        readings = Counter(one.readings)
        out += [Example(one.text, codes, one.weight * n / readings.total()) for codes, n in readings.items()]
    return out


def codebook_examples(codebook: Codebook) -> list[Example]:
    """Return the codebook's own words as examples: labels, definitions, what to include, keywords, examples.

    They let a codebook without examples start, and they steady one that has few.
    """
    return [
        Example(text, (code.id,))
        for code in codebook.codes
        for text in (code.label, code.definition, *code.include, *code.keywords, *code.examples)
        if text
    ]


def examples_digest(examples: Iterable[Example]) -> str:
    """Return a content hash (16 hex digits) of examples, order included."""
    return _digest_of(tuple(examples))


@lru_cache(maxsize=MOST_KEPT)
def _digest_of(examples: tuple[Example, ...]) -> str:
    digest = hashlib.sha256()
    for example in examples:
        more: list[object] = [] if example.weight == 1 else [float(example.weight)]  # 2 is 2.0
        more += [example.second] if example.second else []
        more += [THIRD, example.third] if example.third else []
        if THIRD in example.codes:  # else a code of that name would be read as the mark of a third reader
            more = [None, *more]
        digest.update(json.dumps([example.text, *example.codes, *more], ensure_ascii=False).encode())
    return digest.hexdigest()[:16]
