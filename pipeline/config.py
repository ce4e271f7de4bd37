"""survey.yaml: which file, which columns, which codebooks, and how to report."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError

from pipeline.codebook import Codebook, codebooks_at, load_codebook, shipped_codebooks
from pipeline.errors import ConfigError, did_you_mean, not_there, problem
from pipeline.validation import QUESTION_ID, explain, parse_yaml, read_text


def _text(value: object) -> object:
    """YAML reads `wave: 2022` as a number; a wave, a group or a column name is text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _spaced(value: object) -> object:
    """Names have single spaces here and as they are read from a file, so that they are found."""
    text = _text(value)
    return " ".join(text.split()) if isinstance(text, str) else text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Name = Annotated[str, BeforeValidator(_spaced), Field(min_length=1)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_listed)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Input(_Settings):
    """The survey file and the meaning of its columns; unnamed columns are left alone."""

    file: str
    sheet: Annotated[str, BeforeValidator(_text), Field(min_length=1)] | None = None
    delimiter: Literal[";", ",", "\t", "|"] | None = None
    encoding: str | None = None
    respondent: Name | None = None
    group: Name | None = None
    wave: Name | None = None
    weight: Name | None = None
    layout: Literal["wide", "long"] = "wide"
    question: Name | None = None
    text: Name | None = None


class Question(_Settings):
    """One open question: its column (wide) or name in the question column (long), codebook and tick columns."""

    id: str = Field(pattern=QUESTION_ID, max_length=60)
    title: str = ""
    asked: str = ""
    column: Name | None = None
    codebook: str
    examples: str | None = None
    earlier_codebooks: dict[Name, str] = Field(default_factory=dict)
    ticks: dict[Name, str] = Field(default_factory=dict)
    ticks_column: Name | None = None
    ticks_separator: Annotated[str, Field(min_length=1)] = ";"
    fixed_codes: Names = ()
    groups: Names = ()


Format = Literal["html", "csv", "xlsx", "docx", "sav", "parquet"]


class Report(_Settings):
    """How the report is made; `pin` and `ban` name answers (by id) that must and must not be quoted."""

    language: Literal["nl", "en"] = "nl"
    formats: tuple[Format, ...] = ("html", "csv", "xlsx", "docx")
    residual_last: bool = False
    min_cell: Annotated[int, Field(ge=0)] = 5
    quotes_per_code: Annotated[int, Field(ge=0)] = 3
    longest_quote: Annotated[int, Field(gt=0)] = 320
    pin: Names = ()
    ban: Names = ()
    template: str | None = None


class Response(_Settings):
    """How many customers were invited, for response and reliability."""

    invited: dict[Name, Annotated[int, Field(gt=0)]] = Field(default_factory=dict)
    invited_total: Annotated[int, Field(gt=0)] | None = None
    margin: Annotated[float, Field(gt=0, lt=0.5)] = 0.05


class Survey(_Settings):
    """A survey as its analyst describes it; paths are relative to survey.yaml."""

    title: str
    wave: Name
    input: Input
    questions: tuple[Question, ...] = Field(min_length=1)
    response: Response = Response()
    group_label: str = "Gemeente"
    total_label: str = "Totaal"
    reference: str | None = None
    reference_group: str = "Referentiegroep"
    encoder: str | None = None
    workspace: str = "duiding-werk"
    seed: int = 1
    report: Report = Report()
    _file: Path = PrivateAttr(default=Path("survey.yaml"))

    @property
    def file(self) -> Path:
        """The survey.yaml this came from."""
        return self._file

    def path(self, name: str) -> Path:
        """Return a path written in survey.yaml as an absolute one."""
        return (self._file.parent / name).resolve()

    @property
    def workspace_path(self) -> Path:
        """The folder where results are kept."""
        return self.path(self.workspace)

    def codebook(self, question: Question) -> Codebook:
        """Return the codebook of one question.

        Raises:
            CodebookError: it cannot be loaded.
        """
        return load_codebook(codebook_source(self, question))

    @property
    def digest(self) -> str:
        """Content hash (16 hex digits) of the settings; where results are kept is none of them."""
        canonical = json.dumps(self.model_dump(mode="json", exclude={"workspace"}), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def codebook_source(survey: Survey, question: Question) -> str | Path:
    """Return the codebook's file beside survey.yaml when there is one, else the name as given."""
    beside = survey.path(question.codebook)
    return beside if beside.is_file() else question.codebook


def earlier_codebook(survey: Survey, question: Question, wave: str) -> Codebook | None:
    """Return the codebook that a question had in an earlier wave, where survey.yaml says that it was another."""
    named = question.earlier_codebooks.get(wave)
    if named is None:
        return None
    beside = survey.path(named)
    return load_codebook(beside if beside.is_file() else named)


def examples_file(survey: Survey, question: Question) -> Path | None:
    """Return the file with coded examples that survey.yaml names for a question, if it names one."""
    return survey.path(question.examples) if question.examples else None


def load_survey(path: str | Path) -> Survey:
    """Load and check survey.yaml; every code named in it is looked up in its codebook.

    Raises:
        ConfigError: the file is missing, is not YAML, or has an unknown or missing key.
        CodebookError: a codebook can't be loaded or a named code is not in it.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "survey.yaml"
    if not file.is_file():
        raise ConfigError(
            problem(
                file=file,
                found=f"no such file in the folder {file.absolute().parent}",
                do="give the command the place of survey.yaml or its folder, or make one here with 'duiding init'",
            )
        )
    raw = parse_yaml(read_text(file, ConfigError), file, ConfigError)
    if not isinstance(raw, dict):
        raise ConfigError(
            problem(file=file, found="no settings", expected="keys such as title, wave, input, questions")
        )
    try:
        survey = Survey.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(problem(file=file, **explain(error, Survey))) from error
    survey._file = file.resolve()
    _check(survey)
    return survey


def _check_there(survey: Survey, codebook: str, place: str) -> None:
    beside = survey.path(codebook)
    if not beside.is_file() and codebook not in shipped_codebooks():
        raise ConfigError(
            problem(
                file=survey.file,
                place=place,
                found=f"codebook '{codebook}' is not there",
                expected="a file beside survey.yaml or a shipped codebook",
                do=did_you_mean(Path(codebook).name, codebooks_at(beside.parent)),
            )
        )


def _check_answers_apart(survey: Survey, column: str, place: str) -> None:
    """Refuse a column of answers that is also ids, groups or the like: groups are published, and ids stand in messages.

    Raises:
        ConfigError: it is given under another key of `input` too.
    """
    for key in ("respondent", "group", "wave", "weight", "question"):
        if getattr(survey.input, key) == column:
            raise ConfigError(
                problem(
                    file=survey.file,
                    place=place,
                    found=f"column '{column}' is 'input.{key}' as well",
                    expected="a column that holds answers only",
                    do=f"name another column under 'input.{key}' or here",
                )
            )


def _check(survey: Survey) -> None:
    file = survey.file
    source = survey.input
    if file.is_relative_to(survey.workspace_path):
        raise ConfigError(
            problem(
                file=file,
                place="workspace",
                found="a folder that holds survey.yaml itself",
                expected="a folder that only Duiding writes in",
                do="name a folder of its own, such as 'duiding-werk'",
            )
        )
    if source.layout == "long" and (source.question is None or source.text is None):
        raise ConfigError(
            problem(
                file=file,
                place="input",
                found="layout 'long' without 'question' and 'text'",
                do="name the column with the question and the column with the answer",
            )
        )
    if source.layout == "long" and source.text is not None:
        _check_answers_apart(survey, source.text, "input.text")
    seen: set[str] = set()
    for position, question in enumerate(survey.questions):
        place = f"questions[{position}] ({question.id})"
        if question.id in seen:
            raise ConfigError(problem(file=file, place=place, found="two questions with this id"))
        seen.add(question.id)
        if source.layout == "wide" and not (question.column or question.ticks or question.ticks_column):
            raise ConfigError(problem(file=file, place=place, found="key 'column' is missing", do="add 'column:'"))
        if source.layout == "wide" and question.column:
            _check_answers_apart(survey, question.column, f"{place}.column")
        _check_there(survey, question.codebook, place)
        codebook = survey.codebook(question)
        for wave, name in question.earlier_codebooks.items():
            _check_there(survey, name, f"{place}.earlier_codebooks.{wave}")
            earlier_codebook(survey, question, wave)
        examples = examples_file(survey, question)
        if examples is not None and not examples.is_file():
            raise ConfigError(not_there(examples, place=f"{place}.examples"))
        for column, code in question.ticks.items():
            codebook.resolve(code, file=file, place=f"{place}.ticks.{column}")
        fixed = [codebook.resolve(code, file=file, place=f"{place}.fixed_codes") for code in question.fixed_codes]
        if {facet.id for facet in codebook.facet_list()} <= {codebook.by_id[code].facet or "" for code in fixed}:
            raise ConfigError(
                problem(
                    file=file,
                    place=f"{place}.fixed_codes",
                    found=f"nothing is left to code: these codes settle every facet of codebook '{codebook.id}'",
                    do="leave 'fixed_codes' out; it is for a codebook with facets, one of which the question settles",
                )
            )
