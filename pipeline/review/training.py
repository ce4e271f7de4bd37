"""Which answers teach the classifier most: the ones it is unsure of, spread over what people write about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pipeline.review.sample import empty_sample
from pipeline.tables import ANSWER, SAMPLE, check_table

if TYPE_CHECKING:
    import pandas as pd


def certainty(scores: pd.DataFrame, applied: pd.DataFrame | None = None) -> dict[str, float]:
    """Return per answer the chance (0-1) that all its machine codes are right, taking the codes as independent.

    A code that was applied is right with its score, one that was not with the complement; `applied` are machine
    codings (without them a code counts as applied from a score of one half).
    """
    if scores.empty:
        return {}
    score = scores["score"].to_numpy(dtype=float)
    if applied is None or applied.empty:
        right = np.maximum(score, 1 - score)
    else:
        keys = scores[["answer_id", "code"]].merge(
            applied[["answer_id", "code", "applied"]], on=["answer_id", "code"], how="left"
        )["applied"]
        holds = keys.astype("boolean").fillna(False).to_numpy(dtype=bool)
        right = np.where(holds, score, 1 - score)
    logs = np.log(np.clip(right, 1e-9, 1.0))
    total = scores.assign(_log=logs).groupby("answer_id", sort=True)["_log"].sum()
    return {str(answer_id): float(np.exp(value)) for answer_id, value in total.items()}


def choose_training(
    answers: pd.DataFrame,
    certain: Mapping[str, float],
    sizes: Mapping[str, int],
    *,
    seed: int,
    exclude: frozenset[str] = frozenset(),
) -> pd.DataFrame:
    """Return per question the `sizes[question]` answers that teach most, in role `training`.

    k-means++ seeding weighted by uncertainty: each next answer is drawn with a chance proportional to its uncertainty
    times its squared distance to those chosen, so the chosen are uncertain and unlike each other (after Ash et al.
    2020, "Deep batch active learning by diverse, uncertain gradient lower bounds"; scikit-learn's kmeans_plusplus).
    Distance is measured by character n-grams. A text is chosen once.
    """
    import pandas as pd
    from sklearn.cluster import kmeans_plusplus
    from sklearn.feature_extraction.text import TfidfVectorizer

    parts = []
    for question, size in sizes.items():
        frame = answers[(answers["question"] == question) & (answers["status"] == ANSWER)]
        frame = frame[~frame["answer_id"].isin(exclude)].drop_duplicates("text").sort_values("answer_id")
        if frame.empty or size <= 0:
            continue
        weight = np.array([1.0 - certain.get(str(answer_id), 0.0) for answer_id in frame["answer_id"]]) + 1e-6
        if size < len(frame):
            grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
            matrix = grams.fit_transform(frame["text"])
            _, picked = kmeans_plusplus(matrix, size, sample_weight=weight, random_state=seed)
            frame = frame.iloc[sorted(set(picked.tolist()))]
        parts.append(
            pd.DataFrame({
                "answer_id": frame["answer_id"].to_numpy(), "question": question, "role": "training",
                "inclusion_probability": np.nan, "stratum": None, "number": np.nan,
            })
        )  # fmt: skip
    if not parts:
        return empty_sample()
    return check_table(pd.concat(parts, ignore_index=True), SAMPLE)
