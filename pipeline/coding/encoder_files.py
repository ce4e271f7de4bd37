"""Which encoder a name means: its backend, its folder, its prefix, and the digest that says which weights these are."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path

from pipeline.bundled import bundled
from pipeline.errors import ModelError, problem

DEFAULT_ENCODER = "duiding-nl-static"
ONNX = "onnx:"  # before a name or folder: run its transformer on ONNX Runtime instead of torch
WEIGHTS = (".safetensors", ".bin")
#: What a family of models wants before a text; both sides of a comparison are answers, so both are queries.
PREFIXES = {"e5": "query: "}
PROMPTS = "config_sentence_transformers.json"
OWN_PROMPT = "\nown prompt"


def split_backend(name: str) -> tuple[str, str]:
    """Return the backend ('onnx:', or '' for torch) and the name or folder.

    Raises:
        ModelError: there is no name.

    >>> split_backend("onnx:intfloat/multilingual-e5-small")
    ('onnx:', 'intfloat/multilingual-e5-small')
    """
    backend = ONNX if name.startswith(ONNX) else ""
    plain = name.removeprefix(ONNX).strip()
    if not plain:
        found = f"no model after '{ONNX}'" if backend else "no name"
        raise ModelError(problem(place="encoder", found=found, do="name a model or its folder"))
    return backend, plain


def read_name(name: str | None) -> tuple[str, str, Path]:
    """Return the backend ('onnx:', or '' for torch), the name without it, and the folder it may be."""
    backend, plain = split_backend(name or DEFAULT_ENCODER)
    return backend, plain, bundled("models", plain) if plain == DEFAULT_ENCODER else Path(plain).expanduser()


def says_folder(name: str) -> bool:
    """Return whether a name can only be that of a folder: it starts with `.`, `~` or the root."""
    return name.startswith((".", "~")) or Path(name).is_absolute()


def prefix_of(name: str, folder: Path) -> str:
    """Return what comes before a text (E5: "query: "); nothing when the model brings a default prompt of its own."""
    prefix = _family_prefix(name)
    return "" if prefix and _has_own_prompt(name, folder) else prefix


def _family_prefix(name: str) -> str:
    words = re.split(r"[^a-z0-9]+", Path(name).name.lower())
    return next((prefix for family, prefix in PREFIXES.items() if family in words), "")


def _has_own_prompt(name: str, folder: Path) -> bool:
    file: Path | None = folder / PROMPTS
    if not folder.is_dir():
        from huggingface_hub import try_to_load_from_cache

        try:
            kept = try_to_load_from_cache(name, PROMPTS)
        except ValueError:  # no name that the model hub can have
            kept = None
        file = Path(kept) if isinstance(kept, str) else None
    try:
        settings = json.loads(file.read_text(encoding="utf-8")) if file and file.is_file() else {}
        return bool((settings.get("prompts") or {}).get(settings.get("default_prompt_name")))
    except (OSError, ValueError, AttributeError):  # a damaged file: loading the model says so
        return False


def encoder_digest(name: str | None) -> str:
    """Return the digest an encoder will have, without loading it; the same weights on another backend have another.

    Vectors of two backends differ in their last digits, so that what was learned from the one is not used with the
    other. Of a folder only the files count that the backend reads: to add `onnx/model.onnx` changes nothing for torch.
    What comes before a text counts too.

    Raises:
        ModelError: there is no name, or a file of the folder cannot be read.
    """
    backend, plain, path = read_name(name)
    prefix = prefix_of(plain, path)
    if not path.is_dir():
        own = OWN_PROMPT if prefix != _family_prefix(plain) else ""
        return hashlib.sha256((backend + plain + own).encode()).hexdigest()[:16]
    read = _on_onnx if backend else _on_torch
    try:
        files = [file for file in sorted(path.rglob("*")) if file.is_file() and read(file.relative_to(path))]
        stats = [file.stat() for file in files]
        seen = tuple((one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for one in stats)
        return _digest(path.absolute(), backend + prefix, tuple(str(file.relative_to(path)) for file in files), seen)
    except OSError as error:
        raise ModelError(
            problem(file=path, found=f"a file of the model cannot be read ({type(error).__name__})", do="look at it")
        ) from error


@lru_cache(maxsize=8)
def _digest(folder: Path, start: str, places: tuple[str, ...], _seen: tuple[tuple[int, ...], ...]) -> str:
    """Return the digest of files that look as they were `_seen`: weights of gigabytes are read once per session."""
    digest = hashlib.sha256(start.encode())
    for place in places:
        digest.update(place.encode())
        digest.update((folder / place).read_bytes())
    return digest.hexdigest()[:16]


def _on_torch(place: Path) -> bool:
    return place.suffix in (".json", ".model", ".txt", *WEIGHTS) and "onnx" not in place.parts[:-1]


def _on_onnx(place: Path) -> bool:
    if place.parent.name == "onnx":
        return place.name.startswith("model.onnx")  # and model.onnx_data, where large weights are kept apart
    return _on_torch(place) and not (place.suffix in WEIGHTS and len(place.parts) == 1)
