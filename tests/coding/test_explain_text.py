"""An explanation as the reviewer of a coding reads it: short, in Dutch, a line per code."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline.coding.explain import CodeReason, Explanation, Nearest, Word
from pipeline.coding.explain_text import ZERO_SHOT_LINE, explanation_text, shortened, speaking_words


def reason(
    words: Sequence[tuple[str, float]] = (), *, vector: float = 0.0, score: float = 0.87, label: str = "Informatie",
    given: bool = False, examples: tuple[str, ...] = (),
) -> CodeReason:  # fmt: skip
    near = tuple(Nearest(text, ("informatie",), 0.5) for text in examples)
    return CodeReason(label.lower(), label, score, given, tuple(Word(*word) for word in words), vector, near)


def text(*reasons: CodeReason, start: str = "learned") -> str:
    return explanation_text(Explanation("", "m1", start, reasons))


def test_a_line_says_how_certain_through_which_words_and_like_which_examples() -> None:
    one = reason([("uitleg,", 0.9), ("over", 0.8), ("mijn", 0.7), ("recht.", 1.2)], vector=0.4,
                 examples=("Meer uitleg", "Weten waar ik recht op heb", "een derde"))  # fmt: skip
    assert text(one) == (
        "• Informatie (87%): door ‘recht’, ‘uitleg’. Lijkt op: “Meer uitleg” / “Weten waar ik recht op heb”"
    )


def test_every_code_has_its_line_and_given_codes_have_none() -> None:
    shown = text(
        reason([("brief", 1.0)]), reason([("geld", 1.0)], label="Bedrag"), reason(label="Regeling", given=True)
    )
    assert [line.split(" (")[0] for line in shown.splitlines()] == ["• Informatie", "• Bedrag"]
    assert text(reason(given=True), start="zero-shot") == ""


@pytest.mark.parametrize(
    ("words", "vector", "because"),
    [
        ([("wij", 3.0), ("…", 3.0)], 1.0, "door het antwoord als geheel."),
        ([("brief", -1.0)], 1.0, "door het antwoord als geheel."),
        ([("brief", 0.5), ("geld", 0.4)], 1.0, "vooral door het antwoord als geheel, ook door ‘brief’, ‘geld’."),
        ([("brief", 0.5)], -1.0, "door ‘brief’."),
    ],
)
def test_when_words_decide_little_the_whole_answer_is_named(
    words: list[tuple[str, float]], vector: float, because: str
) -> None:
    assert text(reason(words, vector=vector)) == f"• Informatie (87%): {because}"


def test_a_machine_is_never_quite_certain() -> None:
    assert "(99%)" in text(reason(score=1.0))


def test_a_model_without_examples_says_so() -> None:
    assert text(reason([("brief", 1.0)]), start="zero-shot").splitlines()[0] == ZERO_SHOT_LINE


def test_five_words_at_most_strongest_first_without_doubles() -> None:
    said = [(word, weight / 10) for weight, word in enumerate("Geld geld, een twee drie vier vijf zes".split(), 10)]
    assert list(speaking_words(reason(said))) == ["zes", "vijf", "vier", "drie", "twee"]
    assert speaking_words(reason([("Geld", 1.0), ("geld!", 0.9), ("weinig", 0.2)])) == {"Geld": 1.0}


@pytest.mark.parametrize(
    ("whole", "short"),
    [
        ("kort", "kort"),
        ("twee\nregels", "twee regels"),
        ("a" * 120, "a" * 99 + " …"),
        ("woord " * 20, " ".join(["woord"] * 16) + " …"),
        ("b" * 99 + " en meer", "b" * 99 + " …"),
    ],
)
def test_long_examples_are_cut_at_a_word(whole: str, short: str) -> None:
    assert shortened(whole) == short
