"""What is refused, or said, of a survey file before answers are made of it; a message never shows an answer."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import Question, Survey
from pipeline.errors import ConfigError, TableError, nearest, problem
from pipeline.intake.pseudonymise import find_personal_data

if TYPE_CHECKING:
    import pandas as pd


_LONG_NAME = 5  # words: no group has a longer name


def wanted_columns(survey: Survey) -> list[tuple[str, str]]:
    """Return the columns that the survey names, each with its place in survey.yaml."""
    source = survey.input
    wanted: list[tuple[str, str]] = []
    for key in ("respondent", "group", "wave", "weight", "question", "text"):
        name = getattr(source, key)
        if name is not None:
            wanted.append((f"input.{key}", name))
    for question in survey.questions:
        if question.column and source.layout == "wide":
            wanted.append((f"question {question.id}", question.column))
        if question.ticks_column:
            wanted.append((f"question {question.id}, ticks_column", question.ticks_column))
        wanted += [(f"question {question.id}, ticks", column) for column in question.ticks]
    return wanted


def check_columns(survey: Survey, table: pd.DataFrame, path: Path) -> None:
    """Refuse a file without a column that is named; other names are shown only when that row is surely the header."""
    wanted, present = wanted_columns(survey), list(table.columns)
    missing = [(place, name) for place, name in wanted if name not in present]
    if not missing:
        return
    place, name = missing[0]
    sheet, delimiter = table.attrs.get("sheet"), table.attrs.get("delimiter")
    near = nearest(name, present)
    if near and (_is_slip(near, name) or _is_header(survey, table)):
        hint = f"did you mean '{near}'?"
    elif _is_header(survey, table):
        hint = "use one of: " + ", ".join(name for name in sorted(present) if not find_personal_data([name])[0])
    elif sheet is not None:
        hint = "put the column names in the first row that is filled, or name another sheet under 'input.sheet'"
    else:
        hint = f"put the column names in the first line; as it is read now, it holds {_how_many(wanted, missing)}"
        if delimiter is not None:
            hint += f"; if {delimiter!r} is not the delimiter, name it under 'input.delimiter'"
    where = place if sheet is None else f"sheet '{sheet}', {place}"
    split = "" if delimiter is None else f" (delimiter {delimiter!r})"
    raise TableError(problem(file=path, place=where, found=f"no column '{name}'{split}", do=hint))


def _is_header(survey: Survey, table: pd.DataFrame) -> bool:
    """Tell whether the first row holds names, and not answers of which one happens to be a column's name.

    SPSS and Parquet know their columns; elsewhere half of the columns that are named must be there, and two at least.
    """
    if "sheet" not in table.attrs and "delimiter" not in table.attrs:
        return True
    names = {name for _, name in wanted_columns(survey)}
    there = len(names.intersection(table.columns))
    return there >= max(2, len(names) / 2)


def _is_slip(one: str, other: str) -> bool:
    """Tell whether two names have the same letters and digits but for one: that shows what survey.yaml says already."""
    one, other = ("".join(filter(str.isalnum, name.casefold())) for name in (one, other))
    same = sum(block.size for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks())
    return max(len(one), len(other)) - same <= 1


def _how_many(wanted: list[tuple[str, str]], missing: list[tuple[str, str]]) -> str:
    if len(missing) == len(wanted):
        return "none that survey.yaml names"
    return f"{len(wanted) - len(missing)} of the {len(wanted)} that survey.yaml names"


def without_result(survey: Survey, table: pd.DataFrame) -> list[str]:
    """Say in which of the survey's columns formulas were read as empty, because the file holds no result for them."""
    counts = table.attrs.get("no_result", {})
    named = dict.fromkeys(name for _, name in wanted_columns(survey) if counts.get(name))
    return [
        f"Column {name}: {counts[name]} formulas have no stored result and were read as empty. "
        "Open the file in Excel and save it."
        for name in named
    ]


def excel_errors(survey: Survey, table: pd.DataFrame) -> list[str]:
    """Say in which of the survey's columns error values of Excel were read as empty."""
    counts = table.attrs["errors"]
    return [
        f"Column {name}: {counts[name]} cells hold an error of Excel, such as #N/A or #NAAM?, and were read as empty. "
        "Correct the formulas, or the answers that begin with = or -, in Excel."
        for name in dict.fromkeys(name for _, name in wanted_columns(survey))
        if counts[name]
    ]


def check_groups_and_waves(survey: Survey, base: pd.DataFrame, path: Path) -> None:
    """Refuse a group with the total's name, one that looks mistyped, and a file without a row of the survey's wave."""
    total = base["group"] == survey.total_label
    if total.any():
        raise TableError(
            problem(
                file=path,
                place=f"row {total.idxmax()}, column {survey.input.group}",
                found=f"a group is called '{survey.total_label}', as all groups together are",
                do="leave rows with totals out, or choose another 'total_label' in survey.yaml",
            )
        )
    known = sorted(set(base["group"].dropna()))
    for question in survey.questions:
        for name in question.groups:
            if name not in known and (near := nearest(name, known)):
                raise ConfigError(
                    problem(
                        file=survey.file,
                        place=f"question {question.id}, groups",
                        found=f"no row is of group '{name}'",
                        do=f"did you mean '{near}'? Leave a group out of which there are no answers",
                    )
                )
    if not (base["wave"] == survey.wave).any():
        near = nearest(survey.wave, sorted(set(base["wave"])))
        raise TableError(
            problem(
                file=path,
                place=f"column {survey.input.wave}",
                found=f"no row is of wave '{survey.wave}'",
                expected="at least one",
                do=f"did you mean '{near}'?" if near else "correct 'wave' or 'input.wave' in survey.yaml",
            )
        )


def check_names_of_groups(survey: Survey, base: pd.DataFrame, path: Path) -> list[str]:
    """Refuse a group with a phone number or the like in its name, which is published; say which look like loose text.

    Places are called after people, so that a person's name is only doubted where a single respondent has it; so are
    names in lower case or of many words.
    """
    people = base.dropna(subset="group").drop_duplicates("respondent_id")["group"]
    names = list(people.unique())
    kinds = {name: {span.kind for span in spans} for name, spans in zip(names, find_personal_data(names), strict=True)}
    sure = people.map(lambda name: bool(kinds[name] & {"email", "iban", "phone"}))
    if sure.any():
        raise TableError(
            problem(
                file=path,
                place=f"row {sure.idxmax()}, column {survey.input.group}",
                found="an e-mail address, a phone or an account number in the name of a group",
                do="correct it in the file: names of groups are published",
            )
        )
    odd = people.map(lambda name: bool(kinds[name]) or name[0].islower() or len(name.split()) > _LONG_NAME)
    notes = []
    if len(rows := people.index[odd & ~people.duplicated(keep=False)]):
        notes.append(
            f"Column {survey.input.group}: {len(rows)} groups have one respondent and a name that looks like text or a "
            f"person's (row {_first(rows)}). Names of groups are published: correct them if they are no groups."
        )
    first = people.drop_duplicates()
    if len(rows := first.index[first.str.casefold().duplicated(keep=False)]):
        notes.append(
            f"Column {survey.input.group}: {len(rows)} groups have a name that differs from another's in capitals only "
            f"(row {_first(rows)}) and count apart. Write the name in one way if they are one group."
        )
    return notes


def _first(rows: pd.Index) -> str:
    return ", ".join(map(str, rows[:5]))


def without_words(question: Question, texts: pd.Series) -> list[str]:
    """Say that most answers to a question hold no letter: a mark or a date was taken for an open answer."""
    filled = texts[texts.str.strip() != ""]
    bare = ~filled.str.contains(r"[^\W\d_]")
    if not len(filled) or bare.mean() <= 0.5:
        return []
    return [
        f"Question {question.id}: {int(bare.sum())} of its {len(filled)} answers hold no letter, such as numbers and "
        "dates. Check that its column is the one with open answers."
    ]


def check_one_group_and_weight(survey: Survey, base: pd.DataFrame, path: Path) -> None:
    """Refuse a long file where a respondent is in two groups, or has two weights."""
    for name in ("group", "weight"):
        different = base.groupby("respondent_id")[name].nunique(dropna=False) > 1
        if different.any():
            rows = base.index[base["respondent_id"] == different.idxmax()]
            raise TableError(
                problem(
                    file=path,
                    place=f"rows {', '.join(map(str, rows[:5]))}, column {getattr(survey.input, name)}",
                    found=f"more than one {name} of the same respondent ({int(different.sum())} respondents in all)",
                    expected="the same in all their rows",
                    do="correct it in the file",
                )
            )


def check_once(question: Question, ids: pd.Series, path: Path) -> None:
    """Refuse a long file where a respondent answers a question in two rows; `ids` are answer ids by row."""
    twice = ids.duplicated(keep=False)
    if twice.any():
        rows = ids.index[ids == ids[twice].iloc[0]]
        raise TableError(
            problem(
                file=path,
                place=f"rows {', '.join(map(str, rows[:5]))}",
                found=f"the same respondent and question '{question.id}' ({int(twice.sum())} such rows in all)",
                expected="one row per respondent and question",
                do="remove or join the double rows",
            )
        )
