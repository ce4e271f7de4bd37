"""What the pseudonymiser promises: how much it finds, how little else it takes, and that nothing stops it.

The answers are in `data/privacy_dev*.tsv` (used while writing it) and `data/privacy_test*.tsv` (by other hands, not
used for tuning); a piece of personal data is marked `{{kind:text}}`, and a line break written as `\\n`. A failure
prints counts and line numbers only.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.intake.personal_accounts import is_iban
from pipeline.intake.personal_numbers import is_bsn
from pipeline.intake.pseudonymise import Span, find_personal_data, pseudonymise

DATA = Path(__file__).parent / "data"
MARK = re.compile(r"\{\{(\w+):(.*?)\}\}")
PERSON = ("person", "naam")


def read(path: Path) -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Return the answers of a file without marks, each with the (start, end, kind) that was marked."""
    sentences = []
    for written in path.read_text(encoding="utf-8").splitlines():
        line = written.replace("\\n", "\n")
        text, marks, at = "", [], 0
        for match in MARK.finditer(line):
            text += line[at : match.start()]
            marks.append((len(text), len(text) + len(match.group(2)), match.group(1)))
            text += match.group(2)
            at = match.end()
        sentences.append((text + line[at:], marks))
    return sentences


def measure(path: Path) -> tuple[float, float, float, str]:
    """Return recall of numbers and of persons, share of tokens lost in clean sentences, and the lines to look at."""
    sentences = read(path)
    total, found = {True: 0, False: 0}, {True: 0, False: 0}
    tokens = lost = 0
    missed, overdone = [], []
    for number, ((text, marks), spans) in enumerate(
        zip(sentences, find_personal_data([text for text, _ in sentences]), strict=True), start=1
    ):
        covered = {place for span in spans for place in range(span.start, span.end)}
        for start, end, kind in marks:
            person = kind in PERSON
            whole = all(place in covered for place in range(start, end) if text[place].isalnum())
            total[person] += 1
            found[person] += whole
            missed += [] if whole else [number]
        if not marks:
            words = list(re.finditer(r"\w+", text))
            tokens += len(words)
            taken = sum(any(place in covered for place in range(*word.span())) for word in words)
            lost += taken
            overdone += [number] if taken else []
    lines = f"{path.name}: missed on lines {missed}, too much on lines {overdone}"
    return found[False] / total[False], found[True] / total[True], lost / tokens, lines


@pytest.mark.parametrize(
    ("name", "numbers", "persons", "loss"),
    [
        ("privacy_dev.tsv", 0.98, 0.98, 0.002),
        ("privacy_dev_2.tsv", 0.96, 0.96, 0.005),
        ("privacy_test.tsv", 0.96, 0.88, 0.005),
        ("privacy_test_2.tsv", 0.93, 0.94, 0.012),
    ],
)
def test_recall_and_loss(name: str, numbers: float, persons: float, loss: float) -> None:
    of_numbers, of_persons, lost, lines = measure(DATA / name)
    assert of_numbers >= numbers, f"recall of numbers {of_numbers:.3f}; {lines}"
    assert of_persons >= persons, f"recall of persons {of_persons:.3f}; {lines}"
    assert lost <= loss, f"tokens lost in clean sentences {lost:.4f}; {lines}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("mevrouw jansen en dhr. van dijk zijn top", "mevrouw … en dhr. … zijn top"),
        ("Groeten, J.W. de Boer", "Groeten, …"),
        ("Henk van het wijkteam, tel. 06-12345678.", "… van het wijkteam, tel. …."),
        ("Fatma's uitleg was helder", "…'s uitleg was helder"),
        ("Ik heb mevrouw Klein gesproken", "Ik heb mevrouw … gesproken"),
        ("meneer Baas en Mevrouw Lang", "meneer … en Mevrouw …"),
        ("Mevrouw Baas luistert", "Mevrouw … luistert"),
        ("Meneer Best wel aardig", "Meneer Best wel aardig"),
        ("mevrouw Klantmanager", "mevrouw Klantmanager"),
        ("Nguyen Thi Lan", "…"),
        ("IBAN NL91 ABNA 0417 1643", "IBAN …"),
        ("bsn111222333", "bsn…"),
        ("geboortedatum 010180, inkomen 010180 euro", "geboortedatum …, inkomen 010180 euro"),
        ("Acacialaan15 en vraag15, onderweg2", "… en vraag15, onderweg2"),
        ("jan[at]live[dot]nl", "…"),
        ("jan.smit(at)live(punt)nl", "…"),
        ("Ik at brood. Daarna ging het mis", "Ik at brood. Daarna ging het mis"),
        ("Mevrouw Vis belde, maar Vis wist niets", "Mevrouw … belde, maar … wist niets"),
        ("Volgens De Graaf mag het", "Volgens … mag het"),
        ("Er is inloop in De Brink", "Er is inloop in De Brink"),
        ("Groet, Wil Jansen", "Groet, …"),
        ("Ik ben heel blij met Sok-Hui Kim en met Roy Tjin-A-Fat", "Ik ben heel blij met … en met …"),
        ("Twee zoons, Storm en Merel, sporten nu", "Twee zoons, … en …, sporten nu"),
        ("op het Thomas More zit mijn kind", "op het Thomas More zit mijn kind"),
        ("ik ben van 22/11/'71", "ik ben van …"),
        ("bereikbaar van 9.00-12.30", "bereikbaar van 9.00-12.30"),
        ("inlognaam is kees47, pas 1097-DX", "inlognaam is …, pas …"),
        ("Na de storm was mijn pas weg", "Na de storm was mijn pas weg"),
        ("  Goed  geregeld \n", "  Goed  geregeld \n"),
        ("", ""),
    ],
)
def test_what_is_left(before: str, after: str) -> None:
    assert pseudonymise([before]) == [after]


def test_spans_say_what_and_where() -> None:
    assert find_personal_data(["bsn 111222333, mail jan@home.nl"]) == [[Span(4, 13, "bsn"), Span(20, 31, "email")]]


def test_missing_values_pass_through() -> None:
    texts = ["", None, float("nan"), "prima"]
    assert pseudonymise(texts)[1] is None  # type: ignore[arg-type]
    assert find_personal_data(texts) == [[], [], [], []]  # type: ignore[arg-type]


def test_one_text_is_no_list_of_texts() -> None:
    with pytest.raises(TypeError, match="put it in a list"):
        pseudonymise("Mevrouw Jansen")


def test_check_digits() -> None:
    assert [is_bsn(number) for number in ("111222333", "123456782")] == [True, True]
    assert [is_bsn(number) for number in ("123456789", "000000000")] == [False, False]
    assert [is_iban(number) for number in ("NL91ABNA0417164300", "NL91ABNA0417164301")] == [True, False]


PIECES = st.sampled_from(
    "mevrouw dhr. klantmanager Jansen jansen Fatma van der de Berg Roos Storm en , . - … @ 06 12345678 06-12345678 J. "
    "NL91ABNA0417164300 Kerkstraat 12 9712 AB geboren op 12-03-1971 dossier 2022-00123 heeft mij geholpen is aardig "
    "(Jan) 's \n groeten Zwier-Smit 12-ABC-3 İ 😀 مرحبا \0".split(" ")
)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.lists(PIECES, max_size=25).map(" ".join), st.lists(PIECES, max_size=25).map("".join), st.text()))
@example("van …Jan Jansen…")
def test_twice_is_once(text: str) -> None:
    once = pseudonymise([text])
    assert pseudonymise(once) == once == pseudonymise([text])
    spans = find_personal_data([text])[0]
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))


@pytest.mark.parametrize(
    "unit", ["a", "A.", "a.", "0 ", "1-", "Jan ", "van der ", "@a", "mevrouw ", "…", "\0", "😀", "م ", "nul "]
)
def test_time_grows_with_length_only(unit: str) -> None:
    """Four times the text takes about four times the processor's time; with a square in it it would be sixteen."""
    pseudonymise(["warm"])

    def seconds(text: str) -> float:
        start = time.process_time()
        pseudonymise([text])
        return time.process_time() - start

    lengths = (5_000, 20_000, 80_000)
    times = [seconds((unit * n)[:n]) for n in lengths]
    for _ in range(2):  # a busy machine may have held one of them up
        if all(longer < 9 * max(shorter, 0.005) for shorter, longer in pairwise(times)):
            break
        times = [min(taken, seconds((unit * n)[:n])) for taken, n in zip(times, lengths, strict=True)]
    for shorter, longer in pairwise(times):
        assert longer < 9 * max(shorter, 0.005), times


def test_a_megabyte_is_read() -> None:
    text = "Alles is goed geregeld, alleen duurt het lang. Mevrouw Jansen belde. " * 14_500
    assert len(text) > 1_000_000
    assert "Jansen" not in pseudonymise([text])[0]


def test_import_is_cheap() -> None:
    heavy = ("spacy", "deduce", "wordfreq", "pandas")
    code = f"import sys, pipeline.intake.pseudonymise; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
