"""The intake as one step: read, clean, pseudonymise, decide the status; after it no personal data is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.config import Survey
from pipeline.intake.clean import clean_text, status_of
from pipeline.intake.language import is_other_language
from pipeline.intake.personal_words import load_lexicon
from pipeline.intake.pseudonymise import pseudonymise
from pipeline.intake.read import read_answers
from pipeline.processes import spread
from pipeline.tables import ANSWERS, check_table

if TYPE_CHECKING:
    import pandas as pd

BATCH = 500
PAYS_FROM = 4 * BATCH  # texts: below this, one process is done before others have started


@dataclass(frozen=True)
class Intake:
    """The answers table, the ticks as codings (role `tick`), what was dropped, counts that add up, and notes on it."""

    answers: pd.DataFrame
    ticks: pd.DataFrame
    dropped: pd.DataFrame
    n_rows: int
    n_replaced: int
    notes: tuple[str, ...] = ()


def prepare(survey: Survey, progress: Callable[[int, int], None] | None = None) -> Intake:
    """Return the survey's answers ready to be coded; `progress(done, total)` is called as work goes on.

    Raises:
        TableError: the input file breaks a rule (see `read_answers`).
    """
    import pandas as pd

    raw = read_answers(survey)
    aims = {question.id: survey.codebook(question).aim for question in survey.questions}
    answers = raw.answers.copy()
    cleaned = [clean_text(text) for text in answers["text"]]
    distinct = sorted({text for text in cleaned if text})
    safe: dict[str, str] = {"": ""}
    foreign: dict[str, bool] = {"": False}
    batches = [distinct[start : start + BATCH] for start in range(0, len(distinct), BATCH)]
    if pays := len(distinct) >= PAYS_FROM:
        load_lexicon()  # here, and not in every process
    done = spread(pseudonymise, batches, pays=pays)
    for batch, without in zip(batches, done, strict=True):
        for text, replaced in zip(batch, without, strict=True):
            safe[text] = replaced
            foreign[text] = is_other_language(replaced)
        if progress is not None:
            progress(len(safe) - 1, len(distinct))
    status = [
        "other_language" if foreign[text] else status_of(safe[text], aims[question])
        for text, question in zip(cleaned, answers["question"], strict=True)
    ]
    answers["text"] = [safe[text] for text in cleaned]
    answers["status"] = status
    ticks = raw.ticks.assign(applied=True, coder="respondent", role="tick", at=None)
    ticks["at"] = pd.to_datetime(ticks["at"], utc=True)
    return Intake(
        answers=check_table(answers, ANSWERS),
        ticks=ticks,
        dropped=raw.dropped,
        n_rows=raw.n_rows,
        n_replaced=sum(safe[text] != text for text in cleaned),
        notes=raw.notes,
    )
