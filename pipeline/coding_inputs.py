"""What coding a survey takes besides its answers: the encoder and the coded examples that survey.yaml names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import Question, Survey, examples_file
from pipeline.errors import ConfigError, problem

if TYPE_CHECKING:
    from pipeline.coding.examples import Example


def encoder_name(survey: Survey) -> str | None:
    """Return the encoder's folder when survey.yaml names one beside it, else the name as given.

    A folder is looked for beside survey.yaml only, so that a survey gives the same from wherever it is run.

    Raises:
        ConfigError: the name is that of a folder in the current directory instead.
        ModelError: there is no name.
    """
    from pipeline.coding.encoder_files import DEFAULT_ENCODER, says_folder, split_backend

    if survey.encoder is None:
        return None
    backend, name = split_backend(survey.encoder)
    beside = survey.path(str(Path(name).expanduser()))
    if says_folder(name) or beside.is_dir():
        return backend + str(beside)
    if name != DEFAULT_ENCODER and Path(name).exists():
        raise ConfigError(
            problem(
                file=survey.file,
                place="encoder",
                found=f"no folder '{name}' beside it, but one in the current directory",
                expected="a folder beside survey.yaml, or the name of a model",
                do=f"write '{Path(name).absolute()}' if that is the one",
            )
        )
    return backend + name


def examples_of(survey: Survey, question: Question) -> list[Example]:
    """Return the examples of a question as coding may learn from them: those of the user without personal data.

    They can be answers as people wrote them, and a model keeps their words.

    Raises:
        TableError, CodebookError: the user's file is wrong (see `load_examples`).
    """
    from pipeline.coding.examples import examples_for, with_texts

    file = examples_file(survey, question)
    examples = examples_for(survey.codebook(question), file)
    return examples if file is None else with_texts(examples, _without_personal_data(tuple(e.text for e in examples)))


@lru_cache(maxsize=8)  # questions may share a file
def _without_personal_data(texts: tuple[str, ...]) -> tuple[str, ...]:
    from pipeline.intake.pseudonymise import pseudonymise

    return tuple(pseudonymise(texts))
