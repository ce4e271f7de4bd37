"""The example answers: enough for every code, valid, different from each other, apart from the demo.

A failure names line numbers and figures, never a text.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.bundled import bundled
from pipeline.codebook import load_codebook, shipped_codebooks
from pipeline.coding.examples import named_codes, read_lines, shipped_examples
from pipeline.coding.networks import asked_of

ENOUGH = 100
#: Only used where a file has one box for all schemes; then it is what remains, and is not learned.
WITHOUT_EXAMPLES = {"regeling-onbekend"}
#: Of a codebook's examples, at most this share may have a near-duplicate (cosine from .85).
MAX_NEAR_SHARE = 0.005
#: Length in characters, wide enough for every question: lowest 10%, middle, highest 10%, longest.
LENGTHS = {"10%": (5, 40), "50%": (35, 130), "90%": (80, 300), "100%": (150, 600)}
NAMES = shipped_codebooks()


def _script() -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks" / "examples_table.py"
    spec = importlib.util.spec_from_file_location("examples_table", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["examples_table"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return _script()


@pytest.fixture(scope="module")
def measured(script: ModuleType) -> dict[str, Any]:
    demo = script.demo_texts()
    return {name: script.measure(name, demo) for name in (*NAMES, "contrasts")}


def _lines(name: str) -> list[dict[str, Any]]:
    text = bundled("annotations", "examples", f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line.strip()]


@pytest.mark.parametrize("name", NAMES)
def test_every_code_has_enough_examples(name: str) -> None:
    book = load_codebook(name)
    counts = Counter(code for example in shipped_examples(book) for code in example.codes)
    few = {code: counts[code] for code in book.by_id if counts[code] < ENOUGH and code not in WITHOUT_EXAMPLES}
    assert not few


@pytest.mark.parametrize("name", NAMES)
def test_every_line_fits_the_codebook(name: str) -> None:
    """Every reading has a code of every facet, one where one holds; reading the file refuses unknown codes."""
    book = load_codebook(name)
    facets = [({code.id for code in book.in_facet(facet.id)}, facet.choice) for facet in book.facet_list()]

    def complete(codes: tuple[str, ...]) -> bool:
        counts = [(len(known & set(codes)), choice) for known, choice in facets]
        return all(n == 1 if choice == "one" else n > 0 for n, choice in counts)

    wrong = []
    for number, (line, example) in enumerate(zip(_lines(name), shipped_examples(book), strict=True), start=1):
        lists = [value for value in line.values() if isinstance(value, list)]
        fits = (
            line.keys() - {"weight", "second", "third"} in ({"text", "codes"}, {"text", "scheme", "valence", "themes"})
            and line.get("weight", 1) in (0.25, 1)
            and {*named_codes(line), *named_codes(line, ["second", "third"])} <= book.by_id.keys()  # ids, no labels
            and ("second" in line) == bool(example.second)
            and ("third" in line) == bool(example.third)
            and all(map(complete, example.readings))
            and all(len(codes) == len(set(codes)) for codes in lists)
        )
        if not fits:
            wrong.append(number)
    assert not wrong


@pytest.mark.parametrize("name", NAMES)
def test_a_text_occurs_once_and_is_one_line(name: str) -> None:
    first: dict[str, int] = {}
    again, untidy = [], []
    for number, line in enumerate(_lines(name), start=1):
        key = " ".join(line["text"].casefold().split())
        if first.setdefault(key, number) != number:
            again.append((first[key], number))
        if not key or line["text"] != line["text"].strip() or "\n" in line["text"]:
            untidy.append(number)
    assert not again
    assert not untidy


@pytest.mark.parametrize("name", [*NAMES, "contrasts"])
def test_examples_are_no_near_duplicates(name: str, measured: dict[str, Any], script: ModuleType) -> None:
    found = measured[name].duplicates
    share = len({pair.right for pair in found}) / len(measured[name].texts)
    print(f"{name}: {len(found)} pairs from {script.NEAR}, {100 * share:.2f}% of the examples")
    assert not [(pair.left, pair.right) for pair in found if pair.cosine >= script.SAME]
    assert share <= MAX_NEAR_SHARE, [(pair.left, pair.right) for pair in found]


@pytest.mark.parametrize("name", [*NAMES, "contrasts"])
def test_no_example_is_close_to_a_demo_answer(name: str, measured: dict[str, Any]) -> None:
    close = [(pair.left, pair.right, round(pair.cosine, 2)) for pair in measured[name].overlaps]
    assert not close, "example line, demo file and line, cosine"


def test_every_contrast_says_what_is_in_it_and_its_codes_agree() -> None:
    """One without what its question asks for has the residual code alone, and any other one does not have it."""
    lines = read_lines(bundled("annotations", "contrasts.jsonl"))
    wrong, counts = [], Counter[tuple[str, bool]]()
    for number, line in lines.items():
        book = load_codebook(line["codebook"])
        fits = line.keys() == {"codebook", "text", "codes", "praise", "criticism"}
        holds = line[asked_of(book)]
        codes = {book.resolve(code) for code in line["codes"]}
        agrees = codes == {book.residual} if not holds else codes and book.residual not in codes
        if not (fits and agrees and isinstance(holds, bool) and (line["praise"] or line["criticism"])):
            wrong.append(number)
        counts[line["codebook"], holds] += 1
    assert not wrong
    assert len(counts) == 8
    assert min(counts.values()) >= 2 * ENOUGH


@pytest.mark.parametrize("name", NAMES)
def test_lengths_vary_as_those_of_respondents(name: str, measured: dict[str, Any]) -> None:
    found = dict(zip(("0%", "10%", "25%", "50%", "75%", "90%", "100%"), measured[name].lengths, strict=True))
    print(f"{name}: " + ", ".join(f"{part} {value:.0f}" for part, value in found.items()))
    outside = {part: found[part] for part, (low, high) in LENGTHS.items() if not low <= found[part] <= high}
    assert not outside


def test_the_figures_in_the_guide_are_those_of_the_files(measured: dict[str, Any], script: ModuleType) -> None:
    page = bundled("annotations", "README.md").read_text(encoding="utf-8")
    up_to_date = script.in_page(page) == script.table(measured)
    assert up_to_date, "run: python benchmarks/examples_table.py --write"
