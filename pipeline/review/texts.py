"""Whether a coding is still of the answer that was read: a fingerprint of the text travels with every coding.

Ids can move to other answers: where a file has none they are row numbers, and rows are inserted, deleted and sorted.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.review.events import Event
from pipeline.review.files import review_folder, write_private
from pipeline.workspace import Workspace, read_table

if TYPE_CHECKING:
    import pandas as pd

CHANGED, GONE = "text_changed", "answer_gone"


class Fingerprints:
    """Fingerprints of texts, keyed with a secret of this workspace (mode 600).

    Without the secret a short answer can't be guessed from a fingerprint in a journal that is shared. A fingerprint
    names its key: one that another workspace made says nothing here.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._file = workspace.path("review", "fingerprint.key")
        self._key = self._file.read_bytes() if self._file.is_file() else b""

    def of(self, text: str) -> str:
        """Return the fingerprint of a pseudonymised text; the first one makes the key."""
        if not self._key:
            review_folder(self._workspace)
            write_private(self._file, secrets.token_hex(32))
            self._key = self._file.read_bytes()
        digest = hmac.new(self._key, text.strip().encode(), hashlib.sha256).hexdigest()
        return f"{self._name}-{digest[:16]}"

    def ours(self, fingerprint: str) -> bool:
        """Return whether a fingerprint was made with this workspace's key."""
        return bool(self._key) and fingerprint.partition("-")[0] == self._name

    def differs(self, fingerprint: str, text: str) -> bool:
        """Return whether the fingerprint is surely of another text."""
        return self.ours(fingerprint) and fingerprint != self.of(text)

    @property
    def _name(self) -> str:
        return hashlib.sha256(self._key).hexdigest()[:6]


@dataclass(frozen=True)
class Lost:
    """The ids of answers whose codings don't count: their text changed since, or they are not in the survey now."""

    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def current_texts(workspace: Workspace) -> dict[str, str] | None:
    """Return answer id -> pseudonymised text of the last run; None when there was none.

    Raises:
        TableError: the table is damaged.
    """
    path = workspace.path("answers.parquet")
    return texts_of(read_table(path)) if path.exists() else None


def texts_of(answers: pd.DataFrame) -> dict[str, str]:
    """Return answer id -> text, empty where there is none."""
    pairs = zip(answers["answer_id"], answers["text"], strict=True)
    return {str(answer_id): text if isinstance(text, str) else "" for answer_id, text in pairs}


def marked(workspace: Workspace, events: Iterable[Event], texts: Mapping[str, str] | None) -> list[Event]:
    """Return the events with `text_changed` or `answer_gone` as the problem of those that are of another answer.

    A coding without fingerprint (made before there were any, or elsewhere) is taken at its word when its id is there.
    """
    if texts is None:
        return list(events)
    prints = Fingerprints(workspace)
    out = []
    for event in events:
        if not event.counts:
            out.append(event)
        elif event.answer_id not in texts:
            out.append(replace(event, problem=GONE))
        elif event.fingerprint and prints.differs(event.fingerprint, texts[event.answer_id]):
            out.append(replace(event, problem=CHANGED))
        else:
            out.append(event)
    return out


def lost(events: Iterable[Event]) -> Lost:
    """Return the answers of which no coding counts because of what `marked` found."""
    found = list(events)
    fine = {event.answer_id for event in found if event.counts}
    ids = {kind: {event.answer_id for event in found if event.problem == kind} - fine for kind in (CHANGED, GONE)}
    return Lost(tuple(sorted(ids[CHANGED])), tuple(sorted(ids[GONE])))
