"""Codebooks: the documented list of codes that the answers to one question are coded into."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pipeline.bundled import bundled
from pipeline.errors import CodebookError, did_you_mean, nearest, problem
from pipeline.validation import explain, parse_yaml, read_text

Aim = Literal["succes", "verbeter", "ervaring", "open"]


def _one_or_many(value: object) -> object:
    """A single text where a list is expected is a list of one, nothing an empty list; YAML's numbers are text here."""
    if value is None:
        return ()
    if isinstance(value, list):
        return [str(item) if isinstance(item, int | float) else item for item in value]
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]


class Code(BaseModel):
    """One code: what it is called and when it holds."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=60)
    label: str = Field(min_length=1, max_length=200)
    definition: str = ""
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

    def resolve(self, name: str, *, file: str | Path | None = None, place: str = "") -> str:
        """Return the id of the code that `name` (an id or a label, in any case) points to.

        Raises:
            CodebookError: no code has that id or label.
        """
        found = self._names.get(_fold(name))
        if found is None:
            known = [code.label for code in self.codes] + list(self.by_id)
            # Several words that are like no code may be an answer in the wrong place: those are not repeated.
            told = len(name.split()) == 1 or nearest(name, known)
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
        names = {_fold(code.label): code.id for code in self.codes}
        names.update({_fold(code.id): code.id for code in self.codes})
        return names


def _one_line(name: str) -> str:
    """Return a name as a message can show it: on one line, half of a torn emoji as "?"."""
    return " ".join(name.encode("utf-8", "replace").decode().split())


def _fold(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


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
                do=did_you_mean(path.stem, shipped_codebooks()),
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
    codes = content["codes"]
    if isinstance(codes, dict):
        codes = [{"id": str(key), **_as_code(value)} for key, value in codes.items()]
    if not isinstance(codes, list):
        raise CodebookError(problem(file=file, place="codes", found="not a list", expected="a list of codes"))
    content["codes"] = [_with_id(_as_code(code)) for code in codes]
    content["id"] = str(content.get("id") or Path(file).stem)
    if "version" in content:
        content["version"] = str(content["version"])
    try:
        codebook = Codebook.model_validate(content)
    except ValidationError as error:
        raise CodebookError(problem(file=file, **explain(error, Codebook))) from error
    _check_consistency(codebook, file)
    residual = codebook.residual
    if residual is not None and residual not in codebook.by_id:
        codebook = codebook.model_copy(update={"residual": codebook.resolve(residual, file=file, place="residual")})
    return codebook


def _as_code(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return {str(key): item for key, item in value.items()}
    return {"label": str(value)}


def _with_id(code: dict[str, Any]) -> dict[str, Any]:
    if "id" not in code and "label" in code:
        return {"id": slug(str(code["label"])), **code}
    if "label" not in code and "id" in code:
        return {"label": str(code["id"]), **code, "id": str(code["id"])}
    return {**code, "id": str(code["id"])} if "id" in code else code


def _check_consistency(codebook: Codebook, file: str | Path) -> None:
    _check_unique([code.id for code in codebook.codes], "id", file)
    _check_unique([_fold(code.label) for code in codebook.codes], "label", file)
    ids = set(codebook.by_id)
    facets = {facet.id for facet in codebook.facets}
    for position, code in enumerate(codebook.codes):
        if code.parent is not None and code.parent not in ids:
            raise CodebookError(
                problem(
                    file=file,
                    place=f"codes[{position}] ({code.id})",
                    found=f"parent '{code.parent}' is not a code",
                    do=did_you_mean(code.parent, ids),
                )
            )
        if (facets or code.facet) and code.facet not in facets:
            raise CodebookError(
                problem(
                    file=file,
                    place=f"codes[{position}] ({code.id})",
                    found=f"facet '{code.facet}' is not listed under 'facets'",
                    do=did_you_mean(code.facet or "", facets) if facets else "list it under 'facets'",
                )
            )
    for facet in codebook.facets:
        if facet.residual is not None and facet.residual not in ids:
            raise CodebookError(
                problem(
                    file=file,
                    place=f"facets ({facet.id})",
                    found=f"residual '{facet.residual}' is not a code",
                    do=did_you_mean(facet.residual, ids),
                )
            )


def _check_unique(values: Sequence[str], what: str, file: str | Path) -> None:
    seen: dict[str, int] = {}
    for position, value in enumerate(values):
        if value in seen:
            raise CodebookError(
                problem(
                    file=file,
                    place=f"codes[{seen[value]}] and codes[{position}]",
                    found=f"two codes with the same {what} '{value}'",
                    do=f"give each code its own {what}",
                )
            )
        seen[value] = position
