"""Which answers people review: a random audit with known inclusion probabilities, and a blind second coding of a part.

Every answer has a permanent random number (Ohlsson 1995, "Coordination of samples using permanent random numbers", in
Cox et al., Business Survey Methods). The audit is the answers with the lowest numbers of each stratum, so a larger
audit contains the smaller one, and the order of the numbers is a random order to review in.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ReviewError, problem
from pipeline.review.files import review_folder
from pipeline.tables import ANSWER, SAMPLE, check_table
from pipeline.workspace import Workspace, read_table, write_table

if TYPE_CHECKING:
    import pandas as pd

MINIMUM_PER_GROUP = 10
COLUMNS = ("answer_id", "question", "role", "inclusion_probability", "stratum", "number")


def random_number(answer_id: str, seed: int, purpose: str) -> float:
    """Return the answer's permanent random number, uniform on [0, 1)."""
    digest = hashlib.blake2b(f"{purpose}\0{seed}\0{answer_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def sample_file(workspace: Workspace) -> Path:
    """Return the path of the workspace's sample table."""
    return review_folder(workspace) / "sample.parquet"


def read_sample(workspace: Workspace) -> pd.DataFrame:
    """Return the answers drawn for review; an empty table when none were drawn.

    Raises:
        TableError: the file is damaged.
    """
    path = sample_file(workspace)
    return check_table(read_table(path), SAMPLE) if path.exists() else empty_sample()


def write_sample(workspace: Workspace, sample: pd.DataFrame) -> None:
    """Write the sample, atomically, when it changed."""
    checked = check_table(sample, SAMPLE).sort_values(["question", "role", "answer_id"]).reset_index(drop=True)
    path = sample_file(workspace)
    if not path.exists() or not checked.equals(read_sample(workspace)):
        write_table(path, checked)


def empty_sample() -> pd.DataFrame:
    """Return a sample table without rows."""
    return _no_rows().copy()


@lru_cache(maxsize=1)
def _no_rows() -> pd.DataFrame:
    import pandas as pd

    return check_table(pd.DataFrame({name: pd.Series(dtype="object") for name in COLUMNS}), SAMPLE)


def draw_audit(
    answers: pd.DataFrame,
    sizes: Mapping[str, int],
    *,
    seed: int,
    by_group: bool = False,
    earlier: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the audit: per question `sizes[question]` answers at random, per group in proportion when asked.

    Only answers with status `answer` are in the frame. Answers of an `earlier` audit stay in. With `by_group` every
    group gets at least ten (or all it has), so a small municipality is not left without audited answers.

    Raises:
        ReviewError: a size is not positive.
    """
    import pandas as pd

    before = set() if earlier is None else set(earlier.loc[earlier["role"] == "audit", "answer_id"])
    parts = [empty_sample()]
    for question, size in sizes.items():
        if size <= 0:
            raise ReviewError(problem(place=f"audit of {question}", found=f"{size} answers", expected="at least 1"))
        frame = answers[(answers["question"] == question) & (answers["status"] == ANSWER)]
        group = frame["group"].fillna("") if by_group else pd.Series("", index=frame.index)
        places = allocate({str(name): int(n) for name, n in group.value_counts().sort_index().items()}, size)
        for name, wanted in places.items():
            stratum = frame[group == name]
            ordered = in_random_order(stratum["answer_id"], seed, "audit")
            n = _enough(ordered, wanted, before)
            parts.append(
                pd.DataFrame({
                    "answer_id": ordered[:n], "question": question, "role": "audit",
                    "inclusion_probability": n / len(ordered) if ordered else 1.0,
                    "stratum": f"{question}/{name}" if by_group else question,
                    "number": [random_number(answer_id, seed, "audit") for answer_id in ordered[:n]],
                })
            )  # fmt: skip
    return check_table(pd.concat([part for part in parts if len(part)] or [empty_sample()], ignore_index=True), SAMPLE)


def in_random_order(answer_ids: Iterable[str], seed: int, purpose: str) -> list[str]:
    """Return answer ids by their permanent random numbers."""
    return sorted(map(str, answer_ids), key=lambda answer_id: (random_number(answer_id, seed, purpose), answer_id))


def _enough(ordered: Sequence[str], wanted: int, before: set[str]) -> int:
    """Return how many of the ordered answers to take so that those drawn before stay in."""
    kept = [position for position, answer_id in enumerate(ordered, start=1) if answer_id in before]
    return max(wanted, max(kept, default=0))


def allocate(available: Mapping[str, int], size: int) -> dict[str, int]:
    """Return how many to draw per stratum: at least ten, the rest in proportion (Sainte-Lague), never more than all.

    >>> allocate({"Borne": 12, "Haaksbergen": 60, "Hengelo": 328}, 100)
    {'Borne': 10, 'Haaksbergen': 14, 'Hengelo': 76}
    >>> allocate({"": 30}, 100)
    {'': 30}
    """
    total = sum(available.values())
    if size >= total:
        return dict(available)
    minimum = min(MINIMUM_PER_GROUP, size // max(len(available), 1))
    out = {name: min(n, minimum) for name, n in available.items()}
    while sum(out.values()) < size:
        claim = {name: n / (2 * out[name] + 1) for name, n in available.items() if out[name] < n}
        out[max(claim, key=lambda name: (claim[name], name))] += 1
    return out


def draw_second(audit: pd.DataFrame, share: float, *, seed: int, earlier: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the part of the audit that a second coder codes blind: `share` of each stratum, rounded up.

    Raises:
        ReviewError: the share is not between 0 and 1.
    """
    import pandas as pd

    if not 0 <= share <= 1:
        raise ReviewError(problem(place="second coding", found=f"share {share:g}", expected="a number from 0 to 1"))
    before = set() if earlier is None else set(earlier.loc[earlier["role"] == "second", "answer_id"])
    parts = [empty_sample()]
    for _, stratum in audit[audit["role"] == "audit"].groupby("stratum", dropna=False, sort=True):
        ordered = in_random_order(stratum["answer_id"], seed, "second")
        n = _enough(ordered, math.ceil(len(ordered) * share - 1e-9), before)
        drawn = stratum[stratum["answer_id"].isin(ordered[:n])]
        probability = drawn["inclusion_probability"] * (n / len(ordered))
        parts.append(drawn.assign(role="second", inclusion_probability=probability))
    return check_table(pd.concat([part for part in parts if len(part)] or [empty_sample()], ignore_index=True), SAMPLE)


def combine(earlier: pd.DataFrame, *new: pd.DataFrame, questions: Sequence[str]) -> pd.DataFrame:
    """Return the earlier sample with the audit and second parts of `questions` renewed and training answers added.

    An answer that the audit drew leaves the training set: it must not teach the classifier that it judges.
    """
    import pandas as pd

    fresh = [table for table in new if len(table)]
    drawn = {pair for table in fresh for pair in zip(table["question"], table["role"], strict=True)}
    renewed = {(question, role) for question, role in drawn if role != "training" and question in questions}
    keys = list(zip(earlier["question"], earlier["role"], strict=True))
    kept = earlier[[key not in renewed for key in keys]]
    out = pd.concat([table for table in (kept, *fresh) if len(table)] or [empty_sample()], ignore_index=True)
    out = out.drop_duplicates(["answer_id", "role"])
    audit = set(out.loc[out["role"] == "audit", "answer_id"])
    out = out[~((out["role"] == "training") & out["answer_id"].isin(audit))]
    return check_table(out.reset_index(drop=True), SAMPLE)
