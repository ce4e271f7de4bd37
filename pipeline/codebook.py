"""Codebooks: the documented list of codes that the answers to one question are coded into."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pipeline.bundled import bundled
from pipeline.codebook_rules import check_rules, folded
from pipeline.errors import CodebookError, did_you_mean, nearest, problem
from pipeline.validation import CODE_ID, explain, parse_yaml, read_text

Aim = Literal["succes", "verbeter", "ervaring", "open"]

LONGEST_ID = 60
_NOT_IN_ID = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f-\x9f]')  # a codebook's id goes into file names


def _one_or_many(value: object) -> object:
    """A single text where a list is expected is a list of one, nothing an empty list; YAML's numbers are text here."""
    if value is None:
        return ()
    if isinstance(value, list):
        return [str(item) if _is_number(item) else item for item in value]
    return (value,) if isinstance(value, str) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _empty_text(value: object) -> object:
    return "" if value is None else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]


class Code(BaseModel):
    """One code: what it is called and when it holds."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: str = Field(pattern=CODE_ID, max_length=LONGEST_ID)
    label: str = Field(min_length=1, max_length=200)
    definition: Annotated[str, BeforeValidator(_empty_text)] = ""
    include: Texts = ()
    exclude: Texts = ()
    keywords: Texts = ()
    examples: Texts = ()
    parent: str | None = None
    facet: str | None = None


class Facet(BaseModel):
    """A group of codes that answers one sub-question: exactly one of them holds (`one`) or any number (`many`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: str
    label: str = ""
    choice: Literal["one", "many"] = "many"
    residual: str | None = None


class Codebook(BaseModel):
    """A codebook; most have one facet, the experience with a scheme has three (valence, theme, scheme)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: str
    version: str = "1"
    language: str = "nl"
    title: str = ""
    question: str = ""
    aim: Aim = "open"
    residual: str | None = None
    facets: tuple[Facet, ...] = ()
    codes: tuple[Code, ...] = Field(min_length=1)

    @cached_property
    def by_id(self) -> dict[str, Code]:
        """Code id -> code, in codebook order."""
        return {code.id: code for code in self.codes}

    @cached_property
    def digest(self) -> str:
        """Content hash (16 hex digits) that tables, tasks and models carry; white space and key order don't count."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def facet_list(self) -> tuple[Facet, ...]:
        """Return the facets; a codebook without any has one nameless `many` facet holding every code."""
        return self.facets or (Facet(id="", choice="many", residual=self.residual),)

    def in_facet(self, facet: str) -> tuple[Code, ...]:
        """Return the codes of one facet, in codebook order."""
        return tuple(code for code in self.codes if (code.facet or "") == facet)

    def resolve(
        self, name: str, *, file: str | Path | None = None, place: str = "", beside_answers: bool = False
    ) -> str:
        """Return the id of the code that `name` (an id or a label, in any case) points to.

        A name that stands `beside_answers` may be an answer in the wrong place: it is only repeated when it looks like
        the name of a code.

        Raises:
            CodebookError: no code has that id or label.
        """
        found = self._names.get(folded(name))
        if found is None:
            known = [code.label for code in self.codes] + list(self.by_id)
            told = not beside_answers or len(name.split()) <= 1 or nearest(name, known)
            shown = f"code '{_one_line(name[:60])}'" if told else "a name of several words"
            raise CodebookError(
                problem(
                    file=file,
                    place=place,
                    found=f"{shown} is not in codebook '{self.id}'",
                    do=did_you_mean(name, known),
                )
            )
        return found

    @cached_property
    def _names(self) -> dict[str, str]:
        names = {folded(code.label): code.id for code in self.codes}
        names.update({folded(code.id): code.id for code in self.codes})
        return names


def _one_line(name: str) -> str:
    """Return a name as a message can show it: on one line, half of a torn emoji as "?"."""
    return " ".join(name.encode("utf-8", "replace").decode().split())


def slug(text: str) -> str:
    """Return a code id made from a label.

    >>> slug("Rekening houden met de situatie klant")
    'rekening-houden-met-de-situatie-klant'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "code"


def shipped_codebooks() -> list[str]:
    """Return the names of the codebooks that travel with Duiding."""
    return sorted(path.stem for path in bundled("annotations", "codebooks").glob("*.yaml"))


def codebooks_at(folder: Path) -> list[str]:
    """Return the names that a codebook can be called by from a folder: the shipped ones, and the YAML files there."""
    files = [file.name for file in folder.glob("*") if file.suffix.lower() in (".yaml", ".yml")]
    return [*shipped_codebooks(), *sorted(name for name in files if name.lower() != "survey.yaml")]


def load_codebook(source: str | Path) -> Codebook:
    """Load a codebook by the name of a shipped one or from a YAML or JSON file.

    Only `codes` is required, and of a code only a label or an id; the rest makes the coding better.

    Raises:
        CodebookError: the file is not there, is not YAML, or breaks a rule of codebooks.
    """
    name = str(source)
    path = Path(source)
    if name in shipped_codebooks():
        path = bundled("annotations", "codebooks", f"{name}.yaml")
    elif not path.is_file():
        raise CodebookError(
            problem(
                file=name,
                found="no such codebook file, and no shipped codebook has that name",
                do=did_you_mean(path.name, codebooks_at(path.parent)),
            )
        )
    return _parsed(read_text(path, CodebookError), path)


@lru_cache(maxsize=64)
def _parsed(text: str, path: Path) -> Codebook:
    """Parse a text once, however often the stages of a run ask for the codebook (it is frozen)."""
    return parse_codebook(parse_yaml(text, path, CodebookError), file=path)


def parse_codebook(raw: object, *, file: str | Path) -> Codebook:
    """Check the parsed content of a codebook file and return the codebook.

    Raises:
        CodebookError: a rule of codebooks is broken; the message names the place.
    """
    if isinstance(raw, list):
        raw = {"codes": raw}
    if not isinstance(raw, dict) or not raw.get("codes"):
        raise CodebookError(problem(file=file, found="no codes", expected="a key 'codes' with a list of codes"))
    content: dict[str, Any] = dict(raw)
    content["codes"] = _codes(content["codes"], file)
    content["id"] = _codebook_id(content.get("id"), file)
    if "version" in content:
        content["version"] = str(content["version"])
    try:
        codebook = Codebook.model_validate(content)
    except ValidationError as error:
        raise CodebookError(problem(file=file, **explain(error, Codebook))) from error
    return check_rules(codebook, file)


def _codebook_id(given: object, file: str | Path) -> object:
    """Return the id as text, else one from the file name; it must be able to be part of a file name itself."""
    if isinstance(given, list | dict):
        return given  # refused with its place, like any value that is not text
    if not given:
        stem = Path(file).stem
        return stem if _can_be_id(stem) else _NOT_IN_ID.sub("-", stem).lstrip(". ")[:LONGEST_ID].strip() or "codebook"
    name = str(given)
    if not _can_be_id(name):
        raise CodebookError(
            problem(
                file=file,
                place="id",
                found="a name that cannot be part of a file name",
                expected=f'1 to {LONGEST_ID} characters, no dot in front, no / \\ : * ? " < > | or control character',
                do="write it as in 'balie-verbeter', or leave it out to have the file name",
            )
        )
    return name


def _can_be_id(name: str) -> bool:
    fits = 0 < len(name) <= LONGEST_ID and not name.startswith(".")
    return fits and bool(name.strip()) and not _NOT_IN_ID.search(name)


def _codes(codes: object, file: str | Path) -> list[dict[str, Any]]:
    """Return every code as keys with values, whether they were given as a list or as ids with what they hold."""
    if isinstance(codes, dict):
        return [
            _with_id({"id": str(key), **({} if value is None else _as_code(value, file, f"codes.{key}"))})
            for key, value in codes.items()
        ]
    if not isinstance(codes, list):
        raise CodebookError(problem(file=file, place="codes", found="not a list", expected="a list of codes"))
    return [_with_id(_as_code(code, file, f"codes[{position}]")) for position, code in enumerate(codes)]


def _as_code(value: object, file: str | Path, place: str) -> dict[str, Any]:
    if isinstance(value, dict):
        # An empty id or label is one that was left out.
        return {str(key): item for key, item in value.items() if item is not None or key not in ("id", "label")}
    if value is None or isinstance(value, list):
        raise CodebookError(
            problem(
                file=file,
                place=place,
                found="an empty item" if value is None else "a list within the list of codes",
                expected="a label, or keys with values",
                do="remove it, or write the label of a code there",
            )
        )
    return {"label": value if isinstance(value, bool) else str(value)}  # true is refused: it may be a slip


def _with_id(code: dict[str, Any]) -> dict[str, Any]:
    if "id" not in code and "label" in code:
        return {"id": slug(str(code["label"])), **code}
    if "label" not in code and "id" in code:
        return {"label": str(code["id"]), **code, "id": str(code["id"])}
    return {**code, "id": str(code["id"])} if "id" in code else code
