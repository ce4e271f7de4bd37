"""From codings, the machine's and people's, to percentages: the stage that makes shares, comparisons and response."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import __version__
from pipeline.checked import audited, not_counted, provisional, silent
from pipeline.config import Survey, earlier_codebook
from pipeline.errors import ConfigError, nearest, problem
from pipeline.tables import earlier_waves
from pipeline.workspace import Workspace, file_hash, key_of, read_table, write_table

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.codebook import Codebook

#: Raise this when the stage computes something else from the same input; workspaces then redo it.
STAGE = 5
Progress = Callable[[str, int, int], None]
Work = Callable[[], tuple[list[Path], dict[str, Any]]]


def estimates_stage(survey: Survey, workspace: Workspace, say: Progress) -> tuple[str, Work]:
    """Return the key of the stage that makes shares, comparisons and response, and the work itself."""
    from pipeline.intake.reference import reference_path

    reference_file = reference_path(survey)
    key = key_of(
        stage=STAGE,
        version=__version__,
        answers=file_hash(workspace.path("answers.parquet")),
        codings=file_hash(workspace.path("codings.parquet")),
        review=[file_hash(path) if path.is_file() else None for path in review_files(workspace)],
        reference=file_hash(reference_file) if reference_file else None,
        response=survey.response.model_dump(mode="json"),
        codebooks={name: book.digest for name, book in codebooks(survey).items()},
        earlier={
            question.id: {
                wave: book.digest
                for wave in question.earlier_codebooks
                if (book := earlier_codebook(survey, question, wave))
            }
            for question in survey.questions
        },
        settings=[survey.total_label, survey.reference_group, survey.wave, survey.report.min_cell],
    )
    return key, lambda: _estimate(survey, workspace, say)


def review_files(workspace: Workspace) -> list[Path]:
    """Return the files with what people coded and what was drawn for them."""
    from pipeline.review.events import journal_file
    from pipeline.review.sample import sample_file

    return [journal_file(workspace), sample_file(workspace)]


def all_codings(survey: Survey, workspace: Workspace) -> pd.DataFrame:
    """Return the codings of the machine, the ticks and the reviewers, in one table."""
    import pandas as pd

    from pipeline.review.reviewed import reviewed_codings

    machine = read_table(workspace.path("codings.parquet"))
    reviewed = reviewed_codings(workspace, codebooks(survey))
    return pd.concat([machine, reviewed], ignore_index=True) if len(reviewed) else machine


def codebooks(survey: Survey) -> dict[str, Codebook]:
    """Return the codebook of every question, by question id."""
    return {question.id: survey.codebook(question) for question in survey.questions}


def nets(books: Mapping[str, Codebook]) -> dict[str, dict[str, list[str]]]:
    """Return question -> parent code -> the codes directly under it in that question's codebook."""
    out: dict[str, dict[str, list[str]]] = {}
    for question, book in books.items():
        under = out.setdefault(question, {})
        for code in book.codes:
            if code.parent is not None:
                under.setdefault(code.parent, []).append(code.id)
    return out


def one_of(books: Mapping[str, Codebook]) -> dict[str, list[list[str]]]:
    """Return question -> the sets of codes of which every answer has exactly one (a facet with choice `one`).

    A facet with nets is left out: there a code counts for itself and for its net.
    """
    out: dict[str, list[list[str]]] = {}
    for question, book in books.items():
        facets = [book.in_facet(facet.id) for facet in book.facet_list() if facet.choice == "one"]
        out[question] = [[code.id for code in codes] for codes in facets if not any(code.parent for code in codes)]
    return out


def invited(survey: Survey) -> dict[str, int]:
    """Return group -> number of customers invited for the survey's own wave, the total among them when it is given."""
    total = survey.response.invited_total
    return {**survey.response.invited, **({survey.total_label: total} if total else {})}


def _judged(survey: Survey, books: dict[str, Codebook]) -> dict[str, list[str]]:
    """Return code -> the questions in whose answers it is one of the judgements, of which every answer has one."""
    out: dict[str, list[str]] = {}
    for question in survey.questions:
        book = books[question.id]
        given = {book.resolve(code) for code in question.fixed_codes}
        for facet in book.facet_list():
            codes = [code.id for code in book.in_facet(facet.id)]
            if facet.choice == "one" and not given & set(codes):
                for code in codes:
                    out.setdefault(code, []).append(question.id)
    return out


def _estimate(survey: Survey, workspace: Workspace, say: Progress) -> tuple[list[Path], dict[str, Any]]:
    import pandas as pd

    from pipeline.estimates.compare import compare_shares
    from pipeline.estimates.disclosure import suppress, suppress_comparisons
    from pipeline.estimates.questions import compare_questions
    from pipeline.estimates.shares import estimate_shares
    from pipeline.estimates.waves import audit_quality
    from pipeline.intake.reference import read_reference
    from pipeline.review.sample import read_sample

    answers = read_table(workspace.path("answers.parquet"))
    codings = all_codings(survey, workspace)
    sample = read_sample(workspace)
    books = codebooks(survey)
    under, single = nets(books), one_of(books)
    say("estimates", 0, 3)
    shares = estimate_shares(
        codings,
        sample if len(sample) else None,
        answers,
        population=invited(survey),
        population_wave=survey.wave,
        nets=under,
        codes={name: list(book.by_id) for name, book in books.items()},
        one_of=single,
        total=survey.total_label,
    )
    say("estimates", 1, 3)
    reference = read_reference(survey)
    gate = _gate(survey, books, shares, reference, audit_quality(codings, answers, sample if len(sample) else None))
    own = shares if (shares["wave"] == survey.wave).any() else shares.iloc[:0]  # nobody has answered yet this wave
    comparisons = compare_shares(own, reference, gate=gate, wave=survey.wave, total=survey.total_label)
    say("estimates", 2, 3)
    shares = suppress(
        shares,
        min_cell=survey.report.min_cell,
        total=survey.total_label,
        nets=under,
        one_of=single,
        listed=_listed(survey, books, answers, codings),
        wave=survey.wave,
    )
    alike = compare_questions(shares, _judged(survey, books), survey.wave)  # of what is shown: gives nothing away
    tables = {
        "shares": shares,
        "comparisons": pd.concat([suppress_comparisons(comparisons, shares), alike.assign(suppressed=False)]),
        "response": response_table(survey, answers),
    }
    if reference is not None:
        tables["reference"] = reference
    for name, table in tables.items():
        write_table(workspace.path(f"{name}.parquet"), table)
    say("estimates", 3, 3)
    return [workspace.path(f"{name}.parquet") for name in tables], {
        "shares": len(shares),
        "audited": audited(answers, codings),
        "provisional": provisional(survey, shares),
        "silent": silent(survey, shares),
        **not_counted(workspace),
    }


def _listed(
    survey: Survey, books: dict[str, Codebook], answers: pd.DataFrame, codings: pd.DataFrame
) -> dict[str, list[set[str]]]:
    """Return question -> the codes of each answer of this wave as the report lists it: without those given."""
    from pipeline.report.coded import coded_answers

    given = {one.id: {books[one.id].resolve(code) for code in one.fixed_codes} for one in survey.questions}
    out: dict[str, list[set[str]]] = {question: [] for question in books}
    own = answers[answers["wave"].isna() | (answers["wave"] == survey.wave)]
    for one in coded_answers(own, codings[codings["applied"] | (codings["role"] != "machine")]):
        if one.counts and one.question in out:
            out[one.question].append(set(one.codes) - given[one.question])
    return out


def _gate(
    survey: Survey,
    books: dict[str, Codebook],
    shares: pd.DataFrame,
    reference: pd.DataFrame | None,
    quality: pd.DataFrame,
) -> pd.DataFrame:
    """Return the rows that may not be compared between waves: another codebook, or coding that drifted."""
    import pandas as pd

    from pipeline.estimates.waves import GATE, codebook_changes, coding_drift, gate_published, gate_waves

    here = [str(wave) for wave in shares["wave"].dropna().unique()]
    published = [] if reference is None else [str(wave) for wave in reference["wave"].dropna().unique()]
    parts = [pd.DataFrame(columns=list(GATE))]
    for wave in earlier_waves([*here, *published], survey.wave):
        changes = {}
        for question in survey.questions:
            old = earlier_codebook(survey, question, wave)
            if old is not None:
                changes[question.id] = codebook_changes(old, books[question.id])
        if wave in here and survey.wave in here:
            drift = coding_drift(quality, survey.wave, wave)
            parts.append(gate_waves(shares, survey.wave, wave, changes=changes, drift=drift))
        elif changes:
            parts.append(gate_published(survey.wave, wave, changes))
    return pd.concat(parts, ignore_index=True)


def check_invited(survey: Survey, answers: pd.DataFrame) -> list[str]:
    """Return a warning for every invited group in which nobody answered.

    Raises:
        ConfigError: such a group is a mistyped one, or fewer were invited than answered; the message names the key.
    """
    response, returned, everyone = survey.response, *_returned(survey, answers)

    def refuse(key: str, found: str, do: str) -> ConfigError:
        return ConfigError(problem(file=survey.file, place=f"response.{key}", found=found, do=do))

    known = {str(group) for group in answers["group"].dropna().unique()}  # of earlier waves too
    notes = []
    for group, number in response.invited.items():
        if returned.get(group, 0) > number:
            found = f"{number} invited and {returned[group]} respondents"
            raise refuse(f"invited.{group}", found, "correct the number of invited")
        if group in returned or group == survey.total_label:
            continue
        if near := nearest(group, known - response.invited.keys()):
            raise refuse(
                f"invited.{group}",
                "no respondents in a group of this name",
                f"did you mean '{near}'? If nobody in this group answered, leave it out",
            )
        notes.append(f"response.invited.{group}: nobody in this group answered")
    total = _invited_total(survey, returned)
    if total is not None and everyone > total:
        key = "invited" if response.invited_total is None else "invited_total"
        do = "correct the numbers of invited" + (", or add 'invited_total'" if key == "invited" else "")
        raise refuse(key, f"{total} invited and {everyone} respondents in all", do)
    return notes


def response_table(survey: Survey, answers: pd.DataFrame) -> pd.DataFrame:
    """Return response and reliability of the survey's own wave, per group and in all.

    How many were invited in all is known when survey.yaml says so, or else for every group that answered.
    """
    from pipeline.estimates.response import response_reliability

    returned, everyone = _returned(survey, answers)
    invited = dict(survey.response.invited)
    total = _invited_total(survey, returned)
    if total is not None:
        invited[survey.total_label] = total
    return response_reliability({**returned, survey.total_label: everyone}, invited, margin=survey.response.margin)


def _returned(survey: Survey, answers: pd.DataFrame) -> tuple[dict[str, int], int]:
    """Return how many people answered in the survey's own wave: per group, and in all."""
    own = answers["wave"].isna() | (answers["wave"] == survey.wave)
    people = answers[own].drop_duplicates("respondent_id")
    counts = people["group"].value_counts().sort_index()
    return {str(group): int(number) for group, number in counts.items()}, len(people)


def _invited_total(survey: Survey, returned: Mapping[str, int]) -> int | None:
    """Return how many were invited in all, where survey.yaml says so or names every group that answered."""
    response = survey.response
    if response.invited_total is None and response.invited and set(returned) <= set(response.invited):
        return sum(response.invited.values())
    return response.invited_total
