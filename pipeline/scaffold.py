"""`duiding init`: a survey.yaml that already knows the file's columns, or the demo laid out in a folder."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.bundled import bundled
from pipeline.codebook import shipped_codebooks
from pipeline.config import Input
from pipeline.errors import ConfigError, TableError, not_there, problem
from pipeline.workspace import atomic, write_text

if TYPE_CHECKING:
    import pandas as pd

DEMOS = {"participatiewet": ("participatiewet.xlsx",), "minimabeleid": ("minimabeleid.csv",)}
CODEBOOK = "codeboek.yaml"
_CODEBOOK = """# The codes that the answers are coded into. Replace these three by your own (docs/codebook.md).
aim: open                       # succes, verbeter, ervaring or open
residual: anders
codes:
  - id: wachttijd
    label: Wachttijd
    definition: De respondent vindt dat het te lang duurt voordat hij geholpen wordt of antwoord krijgt.
    exclude: [Onvriendelijk geholpen worden hoort bij Bejegening]
    keywords: [wachten, lang, traag, snel, weken, antwoord]
  - id: bejegening
    label: Bejegening
    definition: De respondent noemt hoe medewerkers met hem omgaan, goed of slecht.
    keywords: [vriendelijk, onvriendelijk, respect, toon, luisteren, behandeld]
  - id: anders
    label: Anders
    definition: Een ander punt, of geen punt.
"""
# Words in the names of columns, at their end, for Dutch writes "Respondentnummer" as one word.
_GROUP_NAME = re.compile(r"(?:gemeente|municipality|groep|group|regio|locatie)(?:naam|code)?\b")
_ID_NAME = re.compile(r"\b(?:respondent\w*|id)\b|(?:nr|nummer|responseid)\b")
_WEIGHT_NAME = re.compile(r"(?:weight|weegfactor|gewicht|weging|wegingsfactor)\b")
_PROSE = r"[^\W\d_]{2}\S*\s+[^\W\d_]{2}"  # two words, which dates and times, e-mail addresses and links have not


def copy_demo(folder: Path) -> list[Path]:
    """Put the demo surveys in `folder`, a folder each, and return their survey.yaml files; existing files stay."""
    made = []
    for name, files in DEMOS.items():
        target = folder / name
        copies = ((f"{name}.yaml", "survey.yaml"), (f"review-{name}.jsonl", "review.jsonl"))
        for source, copy in (*copies, *((file, file) for file in files)):
            if not (target / copy).exists():
                with atomic(target / copy) as temporary:
                    shutil.copyfile(bundled("annotations", "demo", source), temporary)
        made.append(target / "survey.yaml")
    return made


def write_scaffold(folder: Path, file: Path | None) -> Path:
    """Write a survey.yaml with what can be known from the data file, and a codebook.yaml to start from beside it.

    Comments stand where a choice must be made; an existing codebook.yaml stays as it is.

    Raises:
        ConfigError: there is a survey.yaml already.
        TableError: the data file can't be read.
    """
    path = folder / "survey.yaml"
    if path.exists():
        raise ConfigError(problem(file=path, found="there is one already", do="edit it, or choose another folder"))
    if file is None:
        content = _template("antwoorden.xlsx", None, None, None, ["open_vraag"])
    else:
        from pipeline.intake.formats import read_file

        if not file.is_file():
            raise TableError(not_there(file, place="--file"))
        table = read_file(Input(file=str(file)), file)
        named = str(file.resolve())
        if file.resolve().is_relative_to(folder.resolve()):
            named = str(file.resolve().relative_to(folder.resolve()))
        found = _guess(table)
        content = _template(named, found["respondent"], found["group"], found["weight"], found["open"])
    if not (folder / CODEBOOK).exists():
        write_text(folder / CODEBOOK, _CODEBOOK)
    write_text(path, content)
    return path


def _guess(table: pd.DataFrame) -> dict[str, Any]:
    """Guess from names and contents which columns are ids, groups, weights and open answers."""
    columns = list(table.columns)
    lengths = {name: table[name].str.len().mean() for name in columns}
    distinct = {name: table[name].nunique() for name in columns}

    filled = {name: table.loc[table[name].str.strip() != "", name] for name in columns}

    def first(wanted: re.Pattern[str], test: Callable[[str], bool]) -> str | None:
        return next((name for name in columns if wanted.search(_words(name)) and test(name)), None)

    def is_id(name: str) -> bool:
        unique = distinct[name] == len(table) and lengths[name] < 30
        return bool(unique) and not table[name].str.strip().str.contains(" ", regex=False).any()

    def is_weight(name: str) -> bool:
        return len(filled[name]) > 0 and bool(filled[name].str.fullmatch(r"\s*\d+(?:[.,]\d+)?\s*").all())

    def is_open(name: str) -> bool:
        texts = filled[name]
        if texts.empty or texts.str.len().mean() < 15 or distinct[name] <= 0.3 * len(texts):
            return False
        return bool(texts.str.contains(_PROSE).mean() > 0.3)

    open_columns = [name for name in columns if is_open(name)]
    return {
        "respondent": first(_ID_NAME, is_id),
        "group": first(_GROUP_NAME, lambda name: distinct[name] <= 50),
        "weight": first(_WEIGHT_NAME, is_weight),
        "open": open_columns or ["open_vraag"],
    }


def _words(name: str) -> str:
    """Return a column's name in lower case with its words apart: "ResponseId", "respondent_nr"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").lower()


def _template(file: str, respondent: str | None, group: str | None, weight: str | None, questions: list[str]) -> str:
    def line(key: str, value: str | None, example: str) -> str:
        return f"  {key}: {_quoted(value)}" if value is not None else f"  # {key}: {_quoted(example)}"

    out = [
        "title: Titel van het onderzoek",
        'wave: "2026"                  # the year or round of this measurement',
        "input:",
        f"  file: {_quoted(file)}",
        line("respondent", respondent, "Respondentnummer"),
        line("group", group, "Gemeente"),
        line("weight", weight, "Weegfactor"),
        "response:",
        "  invited: {}                 # e.g. {Hengelo: 1700, Borne: 290}: for response and reliability",
        "questions:",
    ]
    shipped = ", ".join(shipped_codebooks())
    for number, column in enumerate(questions, start=1):
        out += [
            f"  - id: vraag-{number}",
            f"    column: {_quoted(column)}",
            f"    codebook: {CODEBOOK}   # a file beside this one, or a shipped one: {shipped}",
        ]
    out += [
        "    # examples: voorbeelden.jsonl   # coded examples to learn from; without them: from the codebook's words",
        "    # ticks: {V12_1: Mijn klantmanager}   # tick columns beside the box: column -> code",
        "# reference: referentie.csv    # published percentages: question;code;group;wave;share;n",
        "seed: 1",
        "",
    ]
    return "\n".join(out)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
