"""Files that a user wrote: read them, and say what is wrong as file, place, found, expected, without their values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.errors import DuidingError, did_you_mean, not_there, problem

#: What ids of codes and of questions look like.
CODE_ID = r"^[a-z0-9][a-z0-9_.-]*$"
QUESTION_ID = r"^[a-z0-9][a-z0-9_-]*$"
_PATTERNS = {
    CODE_ID: "small letters, digits, '-', '_' and '.', starting with a letter or digit",
    QUESTION_ID: "small letters, digits, '-' and '_', starting with a letter or digit",
}
_BOOL = "tag:yaml.org,2002:bool"
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
    "int_from_float": "a whole number",
}
_MEND = "check the indentation and quotes there, and put quotes around a text with a colon, a question mark or a comma"
_DO = {"string_type": "write a text, in quotes where it is a number or a date"}


class _TwiceError(yaml.MarkedYAMLError):
    """A key stands twice in one mapping; YAML itself would silently drop the first."""


class _Loader(yaml.SafeLoader):
    """Reads as `yaml.safe_load` does, but refuses a mapping in which a key stands twice.

    And as in YAML 1.2 yes, no, on and off are words: the labels Yes and No would else be "True" and "False".
    """

    def compose_mapping_node(self, anchor: Any) -> Any:
        # Here and not where the mapping is made: by then merge keys (<<) have added keys that may be overridden.
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else None
            if name in seen:
                shown = " ".join(key.value.split())[:60]
                raise _TwiceError(problem=f"key '{shown}' twice", problem_mark=key.start_mark)
            if name is not None and key.tag != "tag:yaml.org,2002:merge":
                seen.add(name)
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if tag != _BOOL]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF"))


def read_text(path: Path, error_class: type[DuidingError]) -> str:
    """Return the text of a UTF-8 file (with or without a BOM).

    Raises:
        DuidingError: of the given class, when the file can't be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise error_class(problem(file=path, found="not UTF-8 text", do="save the file as UTF-8")) from error
    except FileNotFoundError as error:
        raise error_class(not_there(path)) from error
    except OSError as error:
        raise error_class(problem(file=path, found=f"cannot be read ({error.strerror})")) from error


def parse_yaml(text: str, path: Path, error_class: type[DuidingError]) -> Any:
    """Return the content of a YAML (or JSON) text.

    Raises:
        DuidingError: of the given class, with the line where the text is not YAML or a key stands twice.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except (ValueError, RecursionError) as error:
        found = "not valid YAML: a date or number that does not exist, or brackets without end"
        raise error_class(problem(file=path, found=found, do="correct it, or put quotes around it")) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        for shown in (mark, getattr(error, "context_mark", None)):
            if shown is not None:
                shown.buffer = None  # of this PyYAML makes the lines that a traceback would show
        place = f"line {mark.line + 1}" if mark else ""
        if isinstance(error, _TwiceError):
            raise error_class(
                problem(file=path, place=place, found=str(error.problem), do="keep one of the two")
            ) from error
        raise error_class(problem(file=path, place=place, found="not valid YAML", do=_MEND)) from error


def explain(error: ValidationError, model: type[BaseModel]) -> dict[str, str]:
    """Return `place`, `found`, `expected` and `do` of the first mistake, as keyword arguments for `problem`."""
    mistakes = error.errors(include_url=False, include_input=False, include_context=True)
    first = min(mistakes, key=lambda mistake: mistake["type"] != "extra_forbidden")  # a typo explains a missing key
    location = first["loc"]
    place = _place(location)
    kind = first["type"]
    if kind == "extra_forbidden":
        name = str(location[-1])
        do = did_you_mean(name, _keys(model, location[:-1]))
        if " " in name.strip():  # { definition: Een ander punt, of geen punt. }
            do = f"put quotes around a text with a comma; else {do}"
        return {"place": _place(location[:-1]), "found": f"unknown key '{name}'", "do": do}
    if kind == "missing":
        name = str(location[-1])
        return {"place": _place(location[:-1]), "found": f"key '{name}' is missing", "do": f"add '{name}:'"}
    limits = first.get("ctx", {})
    if kind == "string_pattern_mismatch" and limits["pattern"] in _PATTERNS:
        return {
            "place": place,
            "found": "a name with other characters than it may have",
            "expected": _PATTERNS[limits["pattern"]],
            "do": "write it as in 'op-tijd'",
        }
    if kind == "string_too_long":
        expected = f"at most {limits['max_length']} characters"
        return {"place": place, "found": "too long a text", "expected": expected, "do": "shorten it"}
    if kind == "too_short":
        return {"place": place, "found": "an empty list", "expected": f"at least {limits['min_length']} in it"}
    expected = _EXPECTED.get(kind, first["msg"].replace("Input should be ", "").replace("Value error, ", ""))
    return {"place": place, "found": "a value of the wrong kind", "expected": expected, "do": _DO.get(kind, "")}


def _place(location: Sequence[int | str]) -> str:
    """Write a place in a file as `questions[0].column`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


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
