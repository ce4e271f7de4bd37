"""What must hold between the codes and facets of a codebook, beyond the kind of each value."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline.errors import CodebookError, did_you_mean, problem

if TYPE_CHECKING:
    from pipeline.codebook import Codebook


def check_rules(codebook: Codebook, file: str | Path) -> Codebook:
    """Return a codebook that keeps all rules, with the id of every residual code that was given by its label.

    Raises:
        CodebookError: a rule is broken; the message names the place.
    """
    _check_codes(codebook, file)
    _check_parents(codebook, file)
    _check_facets(codebook, file)
    return _with_residual_ids(codebook, file)


def folded(name: str) -> str:
    """Return a name as it is compared: in no case, white space and width of characters."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _check_codes(codebook: Codebook, file: str | Path) -> None:
    for position, code in enumerate(codebook.codes):
        if not code.label.strip():
            raise CodebookError(
                problem(
                    file=file,
                    place=f"codes[{position}].label",
                    found="only white space",
                    do="write the name that the report shows",
                )
            )
    _check_unique([code.id for code in codebook.codes], "code", "id", file)
    labels = [folded(code.label) for code in codebook.codes]
    _check_unique(labels, "code", "label", file)
    of_label = {label: position for position, label in enumerate(labels)}
    for position, code in enumerate(codebook.codes):
        other = of_label.get(folded(code.id), position)
        if other != position:
            raise CodebookError(
                problem(
                    file=file,
                    place=f"codes[{position}] and codes[{other}]",
                    found=f"the id of one code is the label of the other: '{code.id}' can mean both",
                    do="give one of them another id or label",
                )
            )


def _check_parents(codebook: Codebook, file: str | Path) -> None:
    parents = {code.id: code.parent for code in codebook.codes}
    for position, code in enumerate(codebook.codes):
        place = f"codes[{position}] ({code.id})"
        if code.parent is not None and code.parent not in parents:
            raise CodebookError(
                problem(
                    file=file,
                    place=place,
                    found=f"parent '{code.parent}' is not a code",
                    do=did_you_mean(code.parent, parents),
                )
            )
        above: list[str] = []
        parent = code.parent
        while parent is not None and parent not in above:
            above.append(parent)
            parent = parents.get(parent)
        if code.id in above:
            circle = "a code is its own parent" if above == [code.id] else "the parents go in a circle"
            raise CodebookError(
                problem(
                    file=file,
                    place=place,
                    found=f"{circle}: {' > '.join([code.id, *above])}",
                    do="remove 'parent:' from the code that falls under no other",
                )
            )


def _check_facets(codebook: Codebook, file: str | Path) -> None:
    _check_unique([facet.id for facet in codebook.facets], "facet", "id", file)
    facets = {facet.id for facet in codebook.facets}
    for position, code in enumerate(codebook.codes):
        if (facets or code.facet) and code.facet not in facets:
            raise CodebookError(
                problem(
                    file=file,
                    place=f"codes[{position}] ({code.id})",
                    found=f"facet '{code.facet}' is not listed under 'facets'" if code.facet else "no 'facet'",
                    do=did_you_mean(code.facet or "", facets) if facets else "list it under 'facets'",
                )
            )
    for position, facet in enumerate(codebook.facets):
        if not codebook.in_facet(facet.id):
            raise CodebookError(
                problem(
                    file=file,
                    place=f"facets[{position}] ({facet.id})",
                    found=f"no code belongs to facet '{facet.id}'",
                    do=f"write 'facet: {facet.id}' at its codes, or remove the facet",
                )
            )
    if codebook.facets and codebook.residual is not None:
        raise CodebookError(
            problem(
                file=file,
                place="residual",
                found="a residual for the whole codebook, which has facets",
                do="put 'residual:' under the facet that the code belongs to",
            )
        )


def _with_residual_ids(codebook: Codebook, file: str | Path) -> Codebook:
    if codebook.residual is not None:
        residual = codebook.resolve(codebook.residual, file=file, place="residual")
        return codebook.model_copy(update={"residual": residual})
    facets = []
    for position, facet in enumerate(codebook.facets):
        if facet.residual is None:
            facets.append(facet)
            continue
        place = f"facets[{position}] ({facet.id}).residual"
        residual = codebook.resolve(facet.residual, file=file, place=place)
        elsewhere = codebook.by_id[residual].facet
        if elsewhere != facet.id:
            raise CodebookError(
                problem(
                    file=file,
                    place=place,
                    found=f"'{residual}' is a code of facet '{elsewhere}'",
                    expected=f"a code of facet '{facet.id}'",
                    do=did_you_mean(residual, [code.id for code in codebook.in_facet(facet.id)]),
                )
            )
        facets.append(facet.model_copy(update={"residual": residual}))
    return codebook.model_copy(update={"facets": tuple(facets)})


def _check_unique(values: Sequence[str], kind: Literal["code", "facet"], what: str, file: str | Path) -> None:
    seen: dict[str, int] = {}
    for position, value in enumerate(values):
        if value in seen:
            raise CodebookError(
                problem(
                    file=file,
                    place=f"{kind}s[{seen[value]}] and {kind}s[{position}]",
                    found=f"two {kind}s with the same {what} '{value}'",
                    do=f"give each {kind} its own {what}",
                )
            )
        seen[value] = position
