"""What the estimates are told of the codebooks and of the numbers invited."""

from __future__ import annotations

from pipeline.codebook import Code, Codebook
from pipeline.percentages import nets


def book(**parents: str | None) -> Codebook:
    codes = tuple(Code(id=code, label=code, definition=code, parent=parent) for code, parent in parents.items())
    return Codebook(id="b", aim="verbeter", codes=codes)


def test_nets_are_those_of_each_questions_own_codebook() -> None:
    books = {
        "q1": book(contact=None, telefoon="contact", balie="contact"),
        "q2": book(contact=None, telefoon=None, balie="contact"),
        "q3": book(contact=None, telefoon=None),
    }
    assert nets(books) == {"q1": {"contact": ["telefoon", "balie"]}, "q2": {"contact": ["balie"]}, "q3": {}}
