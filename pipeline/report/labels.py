"""Every word that the report itself says, in Dutch (the default) and English."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).parent / "templates" / "messages.yaml"
LANGUAGES = ("nl", "en")


@lru_cache(maxsize=1)
def message_table() -> dict[str, dict[str, str]]:
    """Return key -> language -> text, as written in templates/messages.yaml."""
    table: dict[str, dict[str, str]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return table


@dataclass(frozen=True)
class Messages:
    """The messages of one language."""

    language: str = "nl"

    def __call__(self, key: str, /, **values: Any) -> str:
        """Return a message with its values filled in.

        >>> Messages()("table_number", number=2)
        'Tabel 2'
        """
        text = message_table()[key][self.language]
        return text.format(**values) if values else text

    def maybe(self, key: str, otherwise: str) -> str:
        """Return a message, or the given text when there is no message of that name."""
        found = message_table().get(key)
        return found[self.language] if found else otherwise

    def several(self, key: str, number: int, /, **values: Any) -> str:
        """Return the message `KEY_one` or `KEY_many`, whichever agrees with the number."""
        return self(f"{key}_one" if number == 1 else f"{key}_many", number=number, **values)

    def listed(self, parts: list[str]) -> str:
        """Return the parts as a list in words.

        >>> Messages().listed(["a", "b", "c"])
        'a, b en c'
        """
        if len(parts) < 2:
            return "".join(parts)
        return ", ".join(parts[:-1]) + f" {self('and')} {parts[-1]}"
