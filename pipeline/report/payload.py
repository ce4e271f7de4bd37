"""The answers behind the percentages, as data for the page or for files beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.report.context import Context
from pipeline.report.lineage import version_of
from pipeline.report.lookup import MACHINE_ONLY
from pipeline.workspace import write_text

BESIDE = "rapport-antwoorden"
_LONGEST = 20_000


def answer_payload(context: Context, question: str, versions: Mapping[str, str]) -> dict[str, Any]:
    """Return one question's answers for the page; an answer's group is -1 where it may not be shown.

    Each answer is `[number, text, [[code, who], ...], reviewed, group]`; `who` points into `coders`.
    """
    figures, book = context.figures, context.book
    coders: dict[str, int] = {}
    answers = []
    places = {group: place for place, group in enumerate(figures.groups)}
    for one, codes, group in book.listed(question):
        applied = [[code, coders.setdefault(context.coder(one.codes[code]), len(coders))] for code in codes]
        text = one.text or context.say("only_ticked")
        text = text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " …"
        answers.append([book.numbers[one.answer_id], text, applied, int(one.reviewed), places.get(group, -1)])
    codebook = f"{figures.codebooks[question].id} {version_of(versions, 'codebook', question)}".strip()
    return {
        "codes": {code.id: code.label for code in figures.codebooks[question].codes},
        "coders": list(coders),
        "model": version_of(versions, "model", question),
        "codebook": codebook,
        "estimated": MACHINE_ONLY not in figures.flags(question, context.total),
        "answers": answers,
    }


def script_safe(value: object) -> str:
    r"""Return JSON that can stand inside a script element, whatever respondents wrote.

    >>> script_safe("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def write_beside(folder: Path, payloads: Mapping[str, dict[str, Any]]) -> list[Path]:
    """Write the answers to files beside the page that it loads when they are asked for, also from a file share."""
    paths = []
    for question, payload in payloads.items():
        path = folder / BESIDE / f"{question}.js"
        write_text(path, f"window.duidingAnswers({script_safe(question)},{script_safe(payload)});\n")
        paths.append(path)
    return paths
