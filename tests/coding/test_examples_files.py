"""Coded examples in a file: codes by label or id, mistakes named by line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from pipeline.codebook import load_codebook, parse_codebook
from pipeline.coding.examples import (
    Example,
    codebook_examples,
    each_reading,
    examples_digest,
    left_out,
    load_examples,
    shipped_examples,
)
from pipeline.errors import CodebookError, TableError

BOOK = "codes: [Eten, Drinken, Anders]\nresidual: anders\n"


def test_codes_by_label_or_id_or_category(write: Callable[..., Path]) -> None:
    codebook = load_codebook(write("cb.yaml", BOOK))
    lines = '{"text": "a", "codes": ["Drinken", "eten"]}\n\n{"text": "b", "category": "ANDERS"}\n'
    found = load_examples(write("ex.jsonl", lines), codebook)
    assert [example.codes for example in found] == [("drinken", "eten"), ("anders",)]


def test_an_example_counts_once_or_as_its_weight_says(write: Callable[..., Path]) -> None:
    codebook = load_codebook(write("cb.yaml", BOOK))
    plain = load_examples(write("ex.jsonl", '{"text": "a", "codes": ["Eten"]}\n'), codebook)
    lighter = load_examples(write("ex.jsonl", '{"text": "a", "codes": ["Eten"], "weight": 0.25}\n'), codebook)
    assert [plain[0].weight, lighter[0].weight] == [1.0, 0.25]
    assert examples_digest(plain) != examples_digest(lighter)
    assert len({examples_digest([replace(plain[0], weight=weight)]) for weight in (2, 2.0)}) == 1


def test_two_readings_count_for_half_each_where_they_differ(write: Callable[..., Path]) -> None:
    codebook = load_codebook(write("cb.yaml", BOOK))
    alike = '{"text": "a", "codes": ["Eten"], "second": ["eten"]}\n'
    differ = '{"text": "b", "codes": ["Eten"], "weight": 0.5, "second": ["Drinken", "Eten", "Drinken"]}\n'
    found = load_examples(write("ex.jsonl", alike + differ), codebook)
    assert [one.second for one in found] == [(), ("drinken", "eten")]
    read = [(one.text, one.codes, one.weight) for one in each_reading(found)]
    assert read == [("a", ("eten",), 1), ("b", ("eten",), 0.25), ("b", ("drinken", "eten"), 0.25)]
    assert examples_digest(found) != examples_digest(replace(one, second=()) for one in found)


def test_of_three_readings_each_counts_for_a_third(write: Callable[..., Path]) -> None:
    codebook = load_codebook(write("cb.yaml", BOOK))
    lines = [
        '{"text": "a", "codes": ["Eten"], "third": ["Eten"]}',
        '{"text": "b", "codes": ["Eten"], "third": ["Drinken"]}',
        '{"text": "c", "codes": ["Eten"], "second": ["Drinken"], "third": ["Eten"]}',
        '{"text": "d", "codes": ["Eten"], "second": ["Drinken"], "third": ["Drinken", "Eten"]}',
    ]
    found = load_examples(write("ex.jsonl", "\n".join(lines)), codebook)
    assert [one.third for one in found] == [(), ("drinken",), ("eten",), ("drinken", "eten")]
    weights = {(one.text, one.codes): one.weight for one in each_reading(found)}
    assert weights == {
        ("a", ("eten",)): 1,
        ("b", ("eten",)): pytest.approx(2 / 3),
        ("b", ("drinken",)): pytest.approx(1 / 3),
        ("c", ("eten",)): pytest.approx(2 / 3),
        ("c", ("drinken",)): pytest.approx(1 / 3),
        ("d", ("eten",)): pytest.approx(1 / 3),
        ("d", ("drinken",)): pytest.approx(1 / 3),
        ("d", ("drinken", "eten")): pytest.approx(1 / 3),
    }
    as_second = [replace(one, second=one.third, third=()) if one.text == "b" else one for one in found]
    assert len({examples_digest(ones) for ones in (found, as_second, [replace(one, third=()) for one in found])}) == 3


def test_no_code_is_taken_for_the_mark_of_a_third_reader() -> None:
    codes = [(), ("a",), ("third",), ("a", "third"), ("third", "a"), ("third", "third")]
    every = [
        Example("x", first, weight, second, third)
        for first, second, third in product(codes[1:], codes, codes)
        for weight in (1.0, 0.5)
    ]
    digests = {examples_digest([one]) for one in every}
    assert len(digests) == len(every)


@pytest.mark.parametrize(
    ("lines", "error", "found"),
    [
        ('{"text": "a", "codes": ["Eten"], "second": []}', TableError, "line 1: no codes of a second reader"),
        ('{"text": "a", "codes": ["Eten"], "second": 2}', TableError, "line 1: no codes of a second reader"),
        ('{"text": "a", "codes": ["Eten"], "second": ["Etn"]}', CodebookError, "line 1: code 'Etn' is not in codebook"),
        ('{"text": "a", "codes": ["Eten"], "third": []}', TableError, "line 1: no codes of a third reader"),
        ('{"text": "a", "codes": ["Eten"], "weight": 0}', TableError, "line 1: a weight that is no such number"),
        ('{"text": "a", "codes": ["Eten"], "weight": "2"}', TableError, "line 1: a weight that is no such number"),
        ('{"text": "a", "codes": ["Eten"], "weight": NaN}', TableError, "line 1: a weight that is no such number"),
        (
            '{"text": "a", "codes": ["Eten"], "weigth": 9}',
            TableError,
            "unknown key 'weigth'; expected 'weight'",
        ),
        (
            '{"text": "a", "codes": ["Eten"], "Weight": 9}',
            TableError,
            "unknown key 'Weight'; expected 'weight'",
        ),
        (
            '{"text": "a", "codes": ["Eten"], "secnod": ["Eten"]}',
            TableError,
            "unknown key 'secnod'; expected 'second'",
        ),
        (
            '{"text": "a", "codes": ["Eten"], "thrid": ["Eten"]}',
            TableError,
            "unknown key 'thrid'; expected 'third'",
        ),
        ('{"text": "a", "category": "Eten", "code": "B"}', TableError, "unknown key 'code'; expected 'codes'"),
        ('{"text": "", "codes": ["Eten"]}', TableError, "line 1: a text without words"),
        ('{"text": " \\n", "codes": ["Eten"]}', TableError, "line 1: a text without words"),
        ('{"text": "a", "codes": ["Slapen"]}', CodebookError, "line 1: code 'Slapen' is not in codebook"),
        ('{"text": "a"}', TableError, "line 1: no codes"),
        ('{"codes": ["Eten"]}', TableError, "line 1: no text"),
        ('{"text": "a", "codes": ["Eten"]}\nhalf', TableError, "line 2: not valid JSON"),
        ("", TableError, "no answers"),
    ],
)
def test_mistakes_name_the_line(write: Callable[..., Path], lines: str, error: type[Exception], found: str) -> None:
    codebook = load_codebook(write("cb.yaml", BOOK))
    with pytest.raises(error) as caught:
        load_examples(write("ex.jsonl", lines), codebook)
    assert found in str(caught.value)
    assert "ex.jsonl" in str(caught.value)


def test_other_keys_are_for_the_user(write: Callable[..., Path]) -> None:
    line = (
        '{"text": "a", "codes": ["Eten"], "code": "E", "coder": "anna", "survey": "s", "question": "q", '
        '"id": 7, "group": "Noord", "wave": 2026, "source": "x", "note": "y"}'
    )
    (found,) = load_examples(write("ex.jsonl", line), load_codebook(write("cb.yaml", BOOK)))
    assert found.codes == ("eten",)


def test_a_codebooks_own_words_are_examples_but_never_its_excludes(write: Callable[..., Path]) -> None:
    content = (
        "codes:\n- {label: Eten, definition: D, include: [i], exclude: [NOOIT], keywords: [k], examples: [e]}\n- B\n"
    )
    texts = [example.text for example in codebook_examples(load_codebook(write("cb.yaml", content)))]
    assert texts == ["Eten", "D", "i", "k", "e", "B"]


def test_a_mistake_is_at_the_line_of_the_file_blank_lines_counted(write: Callable[..., Path]) -> None:
    codebook = load_codebook(write("cb.yaml", BOOK))
    lines = '{"text": "a", "codes": ["Eten"]}\n\n\n{"text": "b", "codes": []}\n'
    with pytest.raises(TableError, match="line 4: no codes"):
        load_examples(write("ex.jsonl", lines), codebook)


def test_an_own_copy_of_a_shipped_codebook_is_coded_with_the_examples_that_fit(tmp_path: Path) -> None:
    shipped = load_codebook("participatiewet-verbeter")
    every = shipped_examples(shipped)
    gone = shipped.codes[1]
    kept = [{"id": code.id, "label": f"{code.label} (nieuw)"} for code in shipped.codes if code != gone]
    own = parse_codebook({"id": shipped.id, "codes": kept}, file=tmp_path / "eigen.yaml")
    fitting = [one for one in every if gone.id not in one.codes]
    assert [one.codes for one in shipped_examples(own)] == [one.codes for one in fitting]
    for reader in ("second", "third"):
        assert [getattr(one, reader) for one in shipped_examples(own)] == [
            () if gone.id in getattr(one, reader) else getattr(one, reader) for one in fitting
        ]
    assert left_out(own) == len(every) - len(shipped_examples(own)) > 0
    assert left_out(shipped) == 0


def test_no_examples_ship_for_another_codebook(tmp_path: Path) -> None:
    own = parse_codebook({"id": "balie", "codes": ["Snelheid"]}, file=tmp_path / "balie.yaml")
    assert (shipped_examples(own), left_out(own)) == ([], 0)


def test_half_of_a_torn_emoji_is_left_out_of_a_text(write: Callable[..., Path]) -> None:
    codebook = load_codebook(write("cb.yaml", BOOK))
    torn = load_examples(write("ex.jsonl", '{"text": "lekker \\ud83d", "codes": ["Eten"]}\n'), codebook)
    assert [one.text for one in torn] == ["lekker "]
    assert examples_digest(torn)


@pytest.mark.parametrize("value", ["[" * 100_000, "9" * 5_000])
def test_what_no_reader_can_read_is_named_by_line(write: Callable[..., Path], value: str) -> None:
    codebook = load_codebook(write("cb.yaml", BOOK))
    lines = f'{{"text": "a", "codes": ["Eten"]}}\n{{"text": "b", "codes": ["Eten"], "more": {value}}}\n'
    with pytest.raises(TableError, match="line 2: not valid JSON"):
        load_examples(write("ex.jsonl", lines), codebook)
