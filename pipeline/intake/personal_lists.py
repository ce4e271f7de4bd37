"""The word lists inside installed packages (deduce, spacy-lookups-data), read where they lie and never copied."""

from __future__ import annotations

import gzip
import json
from importlib.util import find_spec
from pathlib import Path


def _package(name: str) -> Path:
    """Find an installed package's folder without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"{name} is not installed; the pseudonymiser reads its word lists: pip install {name}")
    return Path(next(iter(spec.submodule_search_locations)))


def deduce_list(path: str) -> frozenset[str]:
    """Read one of deduce's lookup lists in lower case, less its exceptions."""
    folder = _package("deduce") / "data" / "lookup" / "src" / path
    kept = _lines(folder / "items.txt")
    left_out = folder / "exceptions.txt"
    return kept - _lines(left_out) if left_out.exists() else kept


def _lines(path: Path) -> frozenset[str]:
    return frozenset(path.read_text(encoding="utf-8").lower().splitlines()) - {""}


def lemma_words(language: str, *tables: str) -> frozenset[str]:
    """Give the words in the lemma tables of spacy-lookups-data: `lookup` (form: lemma), `index` (class: lemmas)."""
    words: set[str] = set()
    for table in tables:
        path = _package("spacy_lookups_data") / "data" / f"{language}_lemma_{table}.json.gz"
        content: dict[str, str | list[str]] = json.loads(gzip.decompress(path.read_bytes()))
        words.update(content)
        for lemmas in content.values():
            words.update([lemmas] if isinstance(lemmas, str) else lemmas)
    return frozenset(words)
