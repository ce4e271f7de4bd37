"""Who answered: the respondent of every row, unique within the file, and never known by personal data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import Input
from pipeline.errors import TableError, problem
from pipeline.intake.personal_accounts import is_iban
from pipeline.intake.personal_numbers import is_bsn
from pipeline.intake.pseudonymise import find_personal_data

if TYPE_CHECKING:
    import pandas as pd

_BSN = re.compile(r"(?:bsn\W*)?(\d[\d. ]{6,10}\d)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")


def respondents_of(source: Input, table: pd.DataFrame, wave: pd.Series, path: Path) -> tuple[pd.Series, list[str]]:
    """Return the respondent of every row, and what to say about it.

    Personal ids are numbered, the same one alike. An id that occurs in several waves is another respondent in each, for
    waves are compared as separate samples: the ids then get their wave after them.

    Raises:
        TableError: an id is empty, or occurs twice in one wave of a wide file.
    """
    import pandas as pd

    if source.respondent is None:
        return _numbered(pd.Series(range(len(table)), index=table.index)), []
    typed = table[source.respondent].map(lambda value: " ".join(str(value).split()))
    empty = typed == ""
    if empty.any():
        raise TableError(
            problem(
                file=path,
                place=f"row {empty.idxmax()}, column {source.respondent}",
                found="no respondent id",
                do="give every row an id, or leave out 'input.respondent'",
            )
        )
    ids, notes = typed.str.replace(" ", "_"), []
    recurring = int((wave.groupby(ids).nunique() > 1).sum())
    if recurring:
        ids = ids + "_" + wave.str.replace(" ", "_")
        notes.append(
            f"Column {source.respondent}: {recurring} ids occur in more than one wave; every wave's respondents count "
            f"apart, and ids have their wave after them (ID_{wave.iloc[0]})."
        )
    twice = ids.duplicated(keep=False)
    if source.layout == "wide" and twice.any():
        first = ids[twice].iloc[0]
        rows = [str(row) for row in ids.index[ids == first]][:5]
        raise TableError(
            problem(
                file=path,
                place=f"column {source.respondent}, rows {', '.join(rows)}",
                found=f"the same respondent id ({int(twice.sum())} rows in all)",
                expected="one row per respondent and wave",
                do="remove the double rows, or use layout: long; if they are of several waves, name the column with "
                "the wave under 'input.wave'",
            )
        )
    personal = _count_personal(typed)
    if personal:
        notes.append(
            f"Column {source.respondent}: {personal} of {len(ids)} ids look like personal data (an e-mail address, a "
            "citizen service number (BSN), a phone or account number, a name, several words); respondents are "
            "numbered r0001, r0002, ... instead."
        )
        return _numbered(ids), notes
    return ids, notes


def _numbered(ids: pd.Series) -> pd.Series:
    import pandas as pd

    numbers, distinct = pd.factorize(ids)
    digits = max(4, len(str(len(distinct))))
    return pd.Series([f"r{number:0{digits}d}" for number in numbers + 1], index=ids.index)


def _count_personal(ids: pd.Series) -> int:
    """Count the ids that are personal data.

    Of codes such as "R2026-0012" and "R_3Jan8" much looks like a case number or holds a name by chance. So names are
    looked for in ids without digits only, and phone numbers in ids without letters.
    """
    personal = 0
    doubtful: list[str] = []
    for one in ids:
        letters, digits = any(map(str.isalpha, one)), any(map(str.isdecimal, one))
        if _is_personal(one):
            personal += 1
        elif not (letters and digits) and len(one) > 3:
            doubtful.append(one.replace("_", " "))
    kinds = {"email", "phone", "person"}
    return personal + sum(any(span.kind in kinds for span in spans) for spans in find_personal_data(doubtful))


def _is_personal(one: str) -> bool:
    """Tell whether an id is an e-mail address, a citizen service number, an account number, or text."""
    bsn = _BSN.fullmatch(one)
    if bsn and is_bsn(re.sub(r"\D", "", bsn[1])):
        return True
    several_words = sum(_WORD.fullmatch(word) is not None for word in one.split()) > 1
    return "@" in one or several_words or is_iban(re.sub(r"\W", "", one))
