"""The classifier of one codebook: per facet a ranking model and a yes/no model per code, calibrated together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.coding.calibrate import Calibration
from pipeline.coding.features import Features
from pipeline.coding.network import TONES
from pipeline.coding.networks import asked_of
from pipeline.coding.scores import Scores
from pipeline.coding.words import Said

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.codebook import Codebook
    from pipeline.coding.embed import Encoder
    from pipeline.coding.network import Network

FORMAT = 4
ZERO_SHOT = "zero-shot"
LEARNED = "learned"
KINDS = ("rank", "each")  # of linear models
#: So many answers to one are taken to hold what their question asks for (prior correction, King & Zeng 2001).
HOLD = 9.0
UNLIKELY = -3.0  # log-odds of lacking it up to which the words alone are believed
UNSURE = 0.1  # the network reads an answer when the linear models give a code a probability from here to 1 less this


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

    def alone(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the calibrated probabilities of the linear models, shape (n_answers, n_codes), from their log-odds."""
        return (self.linear or self.calibration).apply(logits)

    def together(self, logits: NDArray[np.float64], network: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the calibrated probabilities of `logits` and the network's, all of shape (n_answers, n_codes)."""
        assert self.linear is not None
        return self.calibration.apply(self.linear.scaled(logits) + self.share * network)


@dataclass(frozen=True)
class Gate:
    """The tone that a question asks for, and the code of an answer that has the opposite instead.

    Criticism in answer to "what is good" uses all the words of praise; the codes' models see the words, not the tone.
    """

    asked: str  # one of network.TONES
    residual: str

    @classmethod
    def of(cls, codebook: Codebook) -> Gate | None:
        """Return the gate of a codebook's question; None when any tone will do."""
        asked, residual = asked_of(codebook), codebook.facet_list()[0].residual
        return cls(asked, residual) if asked and residual else None

    def tone(self, network: Network, said: Said) -> NDArray[np.float64]:
        """Return the tone of texts, shape (n_texts, 2): by their words alone where these say enough.

        Only the others are read by the network (a cascade, Viola & Jones 2001).
        """
        import numpy as np

        found = network.tone_of_words(said)
        rest = np.flatnonzero(self.lacks(found) > UNLIKELY)
        found[rest] = network.tone(said.part(rest))
        return found

    def lacks(self, tone: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log-odds that answers lack what is asked for and hold the opposite, shape (n,), from their tone.

        That is the chance of the one times that of the other. An answer with neither, such as a wish, is left to the
        codes' models.
        """
        import numpy as np

        column = TONES.index(self.asked)
        asked, other = tone[:, column] + np.log(HOLD), tone[:, 1 - column]
        return np.asarray(-np.logaddexp(np.logaddexp(asked, -other), asked - other))

    def apply(
        self, probability: NDArray[np.float64], codes: Sequence[str], tone: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the probabilities, shape (n, n_codes): those given, as far as nothing is lacking."""
        import numpy as np
        from scipy.special import expit

        lacking = expit(self.lacks(tone))[:, None]
        residual = np.array(codes) == self.residual
        return np.asarray(probability * (1 - lacking) + lacking * residual)


@dataclass(frozen=True)
class Reading:
    """What a model sees in texts on the way to probabilities.

    `logits` are per facet those of the linear models, shape (n_texts, n_codes), `network` those of the network for the
    texts `rows`, which it read; `tone` has shape (n_texts, 2), where it matters.
    """

    said: Said
    logits: dict[str, NDArray[np.float64]]
    rows: NDArray[np.intp]
    network: dict[str, NDArray[np.float64]]
    tone: NDArray[np.float64] | None


@dataclass
class CodeModel:
    """Everything that codes the answers of one codebook.

    `network` is there where one that ships knows the codes, or tells the tone that `gate` looks at.
    """

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
    gate: Gate | None = None

    @property
    def version(self) -> str:
        """Name of this model as tasks and tables carry it."""
        import hashlib

        parts = [str(FORMAT), self.codebook_digest, self.examples_digest, self.encoder_digest, self.start]
        parts += [self.network.digest] if self.network else []
        parts += [f"seed {seed}"] if (seed := self.info.get("seed", 1)) != 1 else []
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:12]

    @cached_property
    def scores(self) -> Scores:
        """The linear models of all facets over an answer's words."""
        import numpy as np

        return Scores(self.features, np.hstack([facet.weight_columns for facet in self.facets.values()]))

    def probabilities(self, texts: Sequence[str], encoder: Encoder | None) -> dict[str, NDArray[np.float64]]:
        """Return per facet the calibrated probabilities, shape (n_texts, n_codes), columns as its `codes`."""
        return self.judged(self.read(texts, encoder))

    def read(self, texts: Sequence[str], encoder: Encoder | None) -> Reading:
        """Return all that `judged` and an explanation want to know of texts."""
        import numpy as np

        said = Said.of(texts)
        ends = np.cumsum([facet.n_scores for facet in self.facets.values()])[:-1]
        parts = np.split(self.scores.of(said, encoder), ends, axis=1)
        logits = {name: facet.logits(part) for (name, facet), part in zip(self.facets.items(), parts, strict=True)}
        rows, network, tone = np.flatnonzero(self._unsure(logits)), {}, None
        if self.network is not None:
            network = self.network.logits(said.part(rows), self.codebook_id)
            tone = self.gate.tone(self.network, said) if self.gate is not None else None
        return Reading(said, logits, rows, network, tone)

    def judged(self, reading: Reading) -> dict[str, NDArray[np.float64]]:
        """Return the probabilities that follow from what was read, as `probabilities` does."""
        found = {}
        for name, facet in self.facets.items():
            logits = reading.logits[name]
            found[name] = facet.alone(logits)
            if name in reading.network:
                found[name][reading.rows] = facet.together(logits[reading.rows], reading.network[name])
            if self.gate is not None and reading.tone is not None:
                found[name] = self.gate.apply(found[name], facet.codes, reading.tone)
        return found

    def _unsure(self, logits: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        """Return of which answers the linear models are not sure; reading others would change next to nothing.

        (A cascade, Viola & Jones 2001.)
        """
        import numpy as np

        unsure = np.zeros(len(next(iter(logits.values()))), dtype=bool)
        for name, facet in self.facets.items():
            if facet.linear is not None:
                probability = facet.linear.apply(logits[name])
                unsure |= ((probability >= UNSURE) & (probability <= 1 - UNSURE)).any(axis=1)
        return unsure
