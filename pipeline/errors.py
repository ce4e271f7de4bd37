"""The one exception tree: a message names file, place, found, expected and next step, and never an answer's text."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable
from pathlib import Path

#: The exit code of a program that was stopped with Ctrl-C, and what is said then.
INTERRUPTED = 130
STOPPED = "stopped; nothing is lost. Next: run the same command again to go on."


class DuidingError(Exception):
    """A problem the user can solve; the command line prints it as one line and exits with code 2."""


class ConfigError(DuidingError):
    """survey.yaml, or a path or option given by the user, is wrong."""


class CodebookError(DuidingError):
    """A codebook, or a reference to one of its codes, is wrong."""


class TableError(DuidingError):
    """An input file or a table breaks its contract."""


class ModelError(DuidingError):
    """An encoder or classifier cannot be loaded or does not fit the codebook."""


class ReviewError(DuidingError):
    """Something in the human review went wrong."""


def problem(
    *,
    found: str,
    expected: str = "",
    do: str = "",
    file: str | Path | None = None,
    place: str = "",
) -> str:
    """Return the one-line message `file: place: found; expected ...; next: ...` that every error carries.

    >>> problem(file="survey.yaml", place="questions[0]", found="unknown key 'colum'", do="write 'column'")
    "survey.yaml: questions[0]: unknown key 'colum'. Next: write 'column'."
    """
    head = ": ".join(part for part in (str(file) if file is not None else "", place) if part)
    message = f"{head}: {found}" if head else found
    if expected:
        message += f"; expected {expected}"
    if do:
        message += f". Next: {do}"
    return message if message.endswith("?") else message.rstrip(".") + "."


def quoted(path: str | Path) -> str:
    """Write a path as it must stand in a command that a message tells to run.

    >>> quoted("map met spatie/survey.yaml")
    "'map met spatie/survey.yaml'"
    """
    return shlex.quote(str(path))


def nearest(word: str, valid: Iterable[str], least: float = 0.6) -> str:
    """Return the valid name closest to `word`, or an empty string when none is as like it as `least` (0-1).

    >>> nearest("colum", ["column", "codebook"])
    'column'
    """
    by_lower: dict[str, str] = {}
    for name in valid:
        by_lower.setdefault(name.lower(), name)
    found = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=least)
    return by_lower[found[0]] if found else ""


def not_there(file: Path, *, place: str = "", shipped: Iterable[str] = ()) -> str:
    """Return the message about a file that is not there, with the file beside it or the shipped one that is meant.

    `place` is the key or option that names it.
    """
    beside = [one.name for one in file.parent.iterdir()] if file.parent.is_dir() else []
    shipped = sorted(shipped)
    if near := nearest(file.name, [*beside, *shipped]):
        do = f"did you mean '{near}'?"
    else:
        do = f"correct '{place}'" if place else "correct the path"
        do += f", or use one that ships: {', '.join(shipped)}" if shipped else ""
    return problem(file=file, place=place, found="no such file", do=do)


def did_you_mean(word: str, valid: Iterable[str]) -> str:
    """Return a next step for a mistyped name: the nearest valid one, else the whole list.

    >>> did_you_mean("colum", ["column", "codebook"])
    "did you mean 'column'?"
    >>> did_you_mean("x", ["column", "codebook"])
    'use one of: codebook, column'
    """
    names = sorted(set(valid))
    near = nearest(word, names)
    return f"did you mean '{near}'?" if near else "use one of: " + ", ".join(names)
