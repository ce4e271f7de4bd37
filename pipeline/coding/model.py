"""The classifier of one codebook: per facet a ranking model and a yes/no model per code, calibrated together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.coding.calibrate import Calibration
from pipeline.coding.features import Features
from pipeline.coding.scores import Scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.coding.embed import Encoder
    from pipeline.coding.network import Network

FORMAT = 3
ZERO_SHOT = "zero-shot"
LEARNED = "learned"
KINDS = ("rank", "each")  # of linear models


@dataclass
class FacetModel:
    """The linear models of one facet: weights (n_features, n_codes) and intercepts of both kinds, and calibration.

    `linear` is the calibration of these alone, where a network takes part: `share` times the network's logits are added
    to the log-odds it gives, and `calibration` is that of the sum.
    """

    codes: tuple[str, ...]
    choice: str
    weights: dict[str, NDArray[np.float32]]
    calibration: Calibration
    linear: Calibration | None = None
    share: float = 0.0

    @property
    def n_scores(self) -> int:
        """How many columns `weight_columns` has."""
        return sum(kind in self.weights for kind in KINDS) * len(self.codes)

    @property
    def weight_columns(self) -> NDArray[np.float32]:
        """The weights of both kinds side by side, shape (n_features, n_scores): what `scores` has a column for."""
        import numpy as np

        return np.hstack([self.weights[kind] for kind in KINDS if kind in self.weights])

    def logits(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the linear models' log-odds, shape (n_answers, n_codes): yes/no and ranking averaged.

        `scores` are the features times `weight_columns`.
        """
        import numpy as np

        n_codes = len(self.codes)
        rank = scores[:, :n_codes] + self.weights["rank_intercept"]
        rank = rank - rank.max(axis=1, keepdims=True)
        log_p = rank - np.log(np.exp(rank).sum(axis=1, keepdims=True))
        ranked = log_p - np.log(np.clip(1 - np.exp(log_p), 1e-9, None))
        if "each" not in self.weights:
            return np.asarray(ranked)
        return np.asarray((scores[:, n_codes:] + self.weights["each_intercept"] + ranked) / 2)

    def probabilities(
        self, scores: NDArray[np.float64], network: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return calibrated probabilities, shape (n_answers, n_codes), given the network's logits of that shape."""
        logits = self.logits(scores)
        if self.linear is not None and network is not None:
            logits = self.linear.scaled(logits) + self.share * network
        return self.calibration.apply(logits)


@dataclass
class CodeModel:
    """Everything that codes the answers of one codebook; `network` is there where the one that ships knows it."""

    codebook_id: str
    codebook_digest: str
    examples_digest: str
    encoder_name: str
    encoder_digest: str
    start: str  # ZERO_SHOT when no code had an example, else LEARNED
    features: Features
    facets: dict[str, FacetModel]
    info: dict[str, Any] = field(default_factory=dict)
    network: Network | None = None

    @property
    def version(self) -> str:
        """Name of this model as tasks and tables carry it."""
        import hashlib

        parts = [str(FORMAT), self.codebook_digest, self.examples_digest, self.encoder_digest, self.start]
        parts += [self.network.digest] if self.network else []
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:12]

    @cached_property
    def scores(self) -> Scores:
        """The linear models of all facets over an answer's words."""
        import numpy as np

        return Scores(self.features, np.hstack([facet.weight_columns for facet in self.facets.values()]))

    def probabilities(self, texts: Sequence[str], encoder: Encoder | None) -> dict[str, NDArray[np.float64]]:
        """Return per facet the calibrated probabilities, shape (n_texts, n_codes), columns as its `codes`."""
        import numpy as np

        scores = self.scores.of(texts, encoder)
        read = self.network.logits(texts, self.codebook_id) if self.network else {}
        ends = np.cumsum([facet.n_scores for facet in self.facets.values()])[:-1]
        parts = np.split(scores, ends, axis=1)
        return {
            name: facet.probabilities(part, read.get(name))
            for (name, facet), part in zip(self.facets.items(), parts, strict=True)
        }
