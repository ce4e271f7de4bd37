"""Coders under another name: a journal may be shared, so it holds no logins."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets

from pipeline.errors import ReviewError, problem
from pipeline.review.files import read_kept, review_folder, write_private
from pipeline.workspace import Workspace

RESTORE = "restore it from a copy; without one remove it, and coders are taken for other people from then on"


class Coders:
    """The workspace's coders: login -> name in the journal, such as `coder-3f2a1b`; kept in a file with mode 600.

    Raises:
        ReviewError: the file is damaged; a new one would give everybody another name, as if other people had coded.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._file = review_folder(workspace) / "coders.json"
        found = read_kept(self._file, RESTORE) or {"salt": secrets.token_hex(16), "names": {}}
        try:
            self._salt, self._names = str(found["salt"]), dict(found["names"])
        except (KeyError, TypeError, ValueError) as error:
            raise ReviewError(problem(file=self._file, found="damaged", do=RESTORE)) from error
        self._saved = dict(self._names)

    @staticmethod
    def is_name(text: str) -> bool:
        """Return whether this is such a name already, and no login."""
        return re.fullmatch(r"coder-[0-9a-f]{8}", text) is not None

    def name(self, login: str) -> str:
        """Return the name in the journal of a login."""
        digest = hmac.new(self._salt.encode(), login.strip().lower().encode(), hashlib.sha256).hexdigest()
        name = f"coder-{digest[:8]}"
        self._names[name] = login.strip()
        return name

    def login(self, name: str) -> str:
        """Return the login behind a name, for the analyst's screen only; the name itself when unknown."""
        return str(self._names.get(name, name))

    def save(self) -> None:
        """Write new names down."""
        if self._names != self._saved:
            write_private(self._file, json.dumps({"salt": self._salt, "names": self._names}, indent=1) + "\n")
            self._saved = dict(self._names)
