"""Files that a user wrote: read them, and say what is wrong as file, place, found, expected, without their values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.errors import DuidingError, did_you_mean, problem

_EXPECTED = {
    "missing": "this key",
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "keys with values",
    "mapping_type": "keys with values",
    "model_type": "keys with values",
    "tuple_type": "a list",
    "list_type": "a list",
}


def read_text(path: Path, error_class: type[DuidingError]) -> str:
    """Return the text of a UTF-8 file (with or without a BOM).

    Raises:
        DuidingError: of the given class, when the file can't be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise error_class(problem(file=path, found="not UTF-8 text", do="save the file as UTF-8")) from error
    except OSError as error:
        raise error_class(problem(file=path, found=f"cannot be read ({error.strerror})")) from error


def parse_yaml(text: str, path: Path, error_class: type[DuidingError]) -> Any:
    """Return the content of a YAML (or JSON) text.

    Raises:
        DuidingError: of the given class, with the line where the text is not YAML.
    """
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else ""
        raise error_class(
            problem(file=path, place=place, found="not valid YAML", do="check indentation, quotes and colons there")
        ) from error


def explain(error: ValidationError, model: type[BaseModel]) -> dict[str, str]:
    """Return `place`, `found`, `expected` and `do` of the first mistake, as keyword arguments for `problem`."""
    mistakes = error.errors(include_url=False, include_input=False, include_context=True)
    first = min(mistakes, key=lambda mistake: mistake["type"] != "extra_forbidden")  # a typo explains a missing key
    location = first["loc"]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    kind = first["type"]
    if kind == "extra_forbidden":
        parent = place.rpartition(".")[0]
        name = str(location[-1])
        return {
            "place": parent,
            "found": f"unknown key '{name}'",
            "do": did_you_mean(name, _keys(model, location[:-1])),
        }
    if kind == "missing":
        name = str(location[-1])
        return {"place": place.rpartition(".")[0], "found": f"key '{name}' is missing", "do": f"add '{name}:'"}
    expected = _EXPECTED.get(kind, first["msg"].replace("Input should be ", "").replace("Value error, ", ""))
    return {"place": place, "found": "a value of the wrong kind", "expected": expected}


def _keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the keys allowed at a place, by walking the model along the location."""
    current: Any = model
    for part in location:
        if isinstance(part, int):
            continue
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            return []
        current = _inner_model(field.annotation)
    return list(getattr(current, "model_fields", {}))


def _inner_model(annotation: Any) -> Any:
    """Return the pydantic model inside an annotation such as `tuple[Question, ...]` or `Input | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None
