"""The coded file for those who go on in SPSS, R or Excel: one row per respondent, one 0/1 variable per code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from pipeline.report.coded import Coded
from pipeline.report.context import Context
from pipeline.report.csv_files import csv_text
from pipeline.report.plain import plain
from pipeline.tables import STATUSES
from pipeline.workspace import atomic, write_table, write_text

_SPSS_TEXT: Final = 32_000  # bytes that SPSS takes in one text variable
_NAME: Final = 60  # characters of a variable's name; SPSS takes 64
_PARTS: Final = ("nummer", "antwoord", "status", "mens")  # what there is of an answer beside its codes


@dataclass
class CodedFile:
    """The table, with what each variable and value means."""

    table: pd.DataFrame
    labels: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[float, str]] = field(default_factory=dict)


def coded_file(context: Context) -> CodedFile:
    """Return one row per respondent and wave: group, weight, and per question text, status, who coded, and the codes.

    A code is 1 where it was applied, 0 where the question was answered without it, and missing otherwise. This is the
    analyst's file: no disclosure rule is applied to it, and it leads from an answer's number to the respondent.
    """
    say, figures = context.say, context.figures
    by_respondent: dict[tuple[str, str], dict[str, Coded]] = {}
    for one in context.book.coded:
        by_respondent.setdefault((one.respondent_id, one.wave), {})[one.question] = one
    people = list(by_respondent.values())
    first = [next(iter(answers.values())) for answers in people]
    columns: dict[str, list[Any]] = {
        "respondent": [one.respondent_id for one in first],
        "groep": [one.group for one in first],
        "meting": [one.wave or figures.survey.wave for one in first],
        "gewicht": [1.0 if one.weight is None else one.weight for one in first],
    }
    labels = {
        "respondent": say("respondent"),
        "groep": figures.survey.group_label,
        "meting": say("wave"),
        "gewicht": say("weight"),
    }
    values: dict[str, dict[float, str]] = {}
    for question in figures.questions:
        title = figures.title(question)
        answers = [found.get(question.id) for found in people]
        stem = _stem(question.id, columns)
        columns[f"{stem}_nummer"] = [float(context.book.numbers[one.answer_id]) if one else None for one in answers]
        columns[f"{stem}_antwoord"] = [one.text if one else "" for one in answers]
        columns[f"{stem}_status"] = [float(STATUSES.index(one.status) + 1) if one else None for one in answers]
        columns[f"{stem}_mens"] = [float(one.reviewed) if one and one.codes else None for one in answers]
        labels |= {f"{stem}_nummer": say("number_of", title=title),
                   f"{stem}_antwoord": say("text_of", title=title),
                   f"{stem}_status": say("status_of", title=title),
                   f"{stem}_mens": say("by_of", title=title)}  # fmt: skip
        values[f"{stem}_status"] = {float(place): say(f"status_{name}") for place, name in enumerate(STATUSES, start=1)}
        values[f"{stem}_mens"] = {0.0: say("by_machine"), 1.0: say("by_human")}
        for code in (code for _, codes in figures.facets(question) for code in codes):
            name = variable(f"{stem}_{code.id}", columns)
            columns[name] = [float(code.id in one.codes) if one and one.counts else None for one in answers]
            labels[name] = f"{title}: {code.label}"
            values[name] = {0.0: say("not_named"), 1.0: say("named")}
    return CodedFile(pd.DataFrame(columns), labels, values)


def _stem(question_id: str, columns: Iterable[str]) -> str:
    """Return what the variables of a question begin with, so that none has the name of another question's."""
    taken = {*columns}
    taken |= {name.removesuffix(f"_{part}") for name in columns for part in _PARTS if name.endswith(f"_{part}")}
    return variable(question_id, taken, longest=_NAME - max(map(len, _PARTS)) - 1)


def variable(name: str, taken: Iterable[str] = (), longest: int = _NAME) -> str:
    """Return a variable name that SPSS and R accept, of at most `longest` characters, and that is not taken.

    >>> variable("ervaring-te-laag"), variable("2e vraag", ["v2e_vraag"])
    ('ervaring_te_laag', 'v2e_vraag_2')
    """
    clean = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower() or "v"
    clean = (clean if clean[0].isalpha() else f"v{clean}")[:longest].rstrip("_")
    used, wanted, number = set(taken), clean, 2
    while wanted in used:
        wanted, number = f"{clean[: longest - 4]}_{number}", number + 1
    return wanted


def write_csv(coded: CodedFile, path: Path) -> list[Path]:
    """Write the file for Excel and R: semicolons, UTF-8 with BOM; answers that look like formulas get an apostrophe."""
    table = coded.table
    lines = [list(table.columns)]
    texts = [[_shown(value) for value in table[name].tolist()] for name in table.columns]
    lines += [list(row) for row in zip(*texts, strict=True)]
    write_text(path, csv_text(lines), bom=True)
    return [path]


def write_parquet(coded: CodedFile, path: Path) -> list[Path]:
    """Write the file for pandas and R, texts untouched."""
    write_table(path, coded.table)
    return [path]


def write_sav(coded: CodedFile, path: Path) -> list[Path]:
    """Write the file for SPSS, with variable and value labels."""
    import pyreadstat

    table = coded.table.copy()
    for name in table.columns:
        if table[name].dtype.kind not in "fi":
            table[name] = [_cut(plain("" if value is None else str(value))) for value in table[name].tolist()]
    measures = dict.fromkeys(coded.values, "nominal")
    with atomic(path) as temporary:
        labels: dict[str, str | None] = dict(coded.labels)
        pyreadstat.write_sav(
            table,
            str(temporary),
            column_labels=labels,
            variable_value_labels=coded.values,
            variable_measure=measures,
            row_compress=True,
        )
    return [path]


def _shown(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}".replace(".", ",")
    return plain(str(value))


def _cut(text: str) -> str:
    """Return a text that fits in a text variable of SPSS, whole characters only."""
    data = text.encode("utf-8")
    return text if len(data) <= _SPSS_TEXT else data[:_SPSS_TEXT].decode("utf-8", "ignore") + "…"
