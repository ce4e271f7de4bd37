"""From log-odds to probabilities that mean what they say, and a threshold per code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: How strongly the offset and threshold of a code are drawn towards the common ones. An offset keeps about half of what
#: is its own when the code holds for some 9 examples, a threshold when it does for 4 * SHRINK = 120.
SHRINK = 30.0
MAX_CODES_PER_ANSWER = 1.4
AS_GOOD = 0.005  # less micro-F1 than this is no difference


@dataclass(frozen=True)
class Calibration:
    """Platt scaling with one slope for all codes and an offset per code, and the threshold per code (probability)."""

    slope: float
    offsets: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    softmax: bool = False

    @classmethod
    def blank(cls, n_codes: int) -> Calibration:
        """Return the calibration of a model that was never checked: probabilities as they come, threshold one half."""
        import numpy as np

        return cls(1.0, np.zeros(n_codes), np.full(n_codes, 0.5))

    def scaled(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log-odds at their right size, shape (n_answers, n_codes)."""
        scaled: NDArray[np.float64] = self.slope * logits + self.offsets
        return scaled

    def apply(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities for log-odds, shape (n_answers, n_codes)."""
        import numpy as np

        scaled = self.scaled(logits)
        if self.softmax:
            scaled = scaled - scaled.max(axis=1, keepdims=True)
            raised = np.exp(scaled)
            out: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
            return out
        return np.asarray(1 / (1 + np.exp(-np.clip(scaled, -30, 30))))

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and numbers."""
        return {
            "slope": round(float(self.slope), 6),
            "offsets": [round(float(x), 6) for x in self.offsets],
            "thresholds": [round(float(x), 6) for x in self.thresholds],
            "softmax": self.softmax,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Calibration:
        """Rebuild from what `to_json` returned."""
        import numpy as np

        return cls(
            content["slope"], np.array(content["offsets"]), np.array(content["thresholds"]), bool(content["softmax"])
        )


def calibrate_many(
    logits: NDArray[np.float64], applied: NDArray[np.bool_], first: NDArray[np.int64], weight: NDArray[np.float64]
) -> Calibration:
    """Fit slope and offsets on cross-validated log-odds of codes of which several may hold; then the thresholds.

    `weight` says for how many an answer counts, shape (n_answers,). Platt 1999; the offset of a code with few examples
    is drawn towards the common one.
    """
    import numpy as np
    from scipy.optimize import minimize

    n_codes = logits.shape[1]
    truth = applied.astype(float)
    counted = weight[:, None]
    positives = (counted * truth).sum(axis=0)
    strength = SHRINK / np.maximum(positives, 1.0)

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slope, common, own = parameters[0], parameters[1], parameters[2:]
        scaled = slope * logits + common + own
        probability = 1 / (1 + np.exp(-np.clip(scaled, -30, 30)))
        value = counted * (np.logaddexp(0, scaled) - truth * scaled)
        error = counted * (probability - truth)
        gradient = np.r_[(error * logits).sum(), error.sum(), error.sum(axis=0) + strength * own]
        return float(value.sum() + 0.5 * (strength * own**2).sum()), gradient

    found = minimize(loss, np.r_[1.0, np.zeros(1 + n_codes)], jac=True, method="L-BFGS-B")
    slope, offsets = max(float(found.x[0]), 0.05), found.x[1] + found.x[2:]
    plain = Calibration(slope, offsets, np.full(n_codes, 0.5))
    thresholds = _thresholds(plain.apply(logits), applied, weight)
    return Calibration(slope, offsets, thresholds)


def _thresholds(
    probability: NDArray[np.float64], applied: NDArray[np.bool_], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a threshold per code: the one with the best F1, drawn towards the best common one, within bounds.

    The common threshold is the lowest whose micro-F1 is within `AS_GOOD` of the best, among those that give at most
    `MAX_CODES_PER_ANSWER`: of two that are as good, a reviewer is better off with the one that names more.
    """
    import numpy as np

    grid = np.round(np.arange(0.20, 0.651, 0.01), 2)
    top = probability.argmax(axis=1)
    rows = np.arange(len(top))
    wanted = weight @ applied.sum(axis=1)
    tried = []
    for threshold in grid:
        chosen = probability >= threshold
        chosen[rows, top] = True
        given = weight @ chosen.sum(axis=1)
        if given <= MAX_CODES_PER_ANSWER * weight.sum():
            tried.append((float(threshold), float(2 * (weight @ (chosen & applied).sum(axis=1)) / (given + wanted))))
    best = max((f1 for _, f1 in tried), default=0.0)
    common = min((threshold for threshold, f1 in tried if f1 >= best - AS_GOOD), default=0.5)
    out = np.full(probability.shape[1], common)
    for code in range(len(out)):
        positives = float(weight @ applied[:, code])
        if not positives:
            continue
        chosen = probability[:, [code]] >= grid
        f1 = 2 * (weight @ (chosen & applied[:, [code]])) / (weight @ chosen + positives)
        own = float(np.mean(grid[f1 >= f1.max() - 1e-9]))
        share = positives / (positives + 4 * SHRINK)
        out[code] = np.clip(share * own + (1 - share) * common, common - 0.1, common + 0.1)
    return np.round(out, 3)


def calibrate_one(
    logits: NDArray[np.float64], applied: NDArray[np.bool_], first: NDArray[np.int64], weight: NDArray[np.float64]
) -> Calibration:
    """Fit the temperature of codes of which exactly one holds, on cross-validated log-odds (Guo et al. 2017)."""
    import numpy as np
    from scipy.optimize import minimize_scalar

    n_codes = logits.shape[1]
    rows = np.arange(len(first))

    def loss(slope: float) -> float:
        scaled = slope * logits
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        return float(weight @ (np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, first]))

    found = minimize_scalar(loss, bounds=(0.05, 10.0), method="bounded")
    return Calibration(float(found.x), np.zeros(n_codes), np.full(n_codes, 0.5), softmax=True)
