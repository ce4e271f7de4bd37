"""From probabilities to the codes that apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.codebook import Facet
    from pipeline.coding.model import FacetModel

#: The `one` facet with this id takes its residual code when no code is as likely as `UNSURE_SCHEME`: an answer that
#: names no scheme is about an unknown one. It goes by the name because a key in the codebook would change its digest,
#: and with that every model and task of it. docs/codebook.md tells the user.
SCHEME, UNSURE_SCHEME = "regeling", 0.5


def choose(probability: NDArray[np.float64], model: FacetModel, facet: Facet) -> NDArray[np.bool_]:
    """Return which codes of a facet apply, shape (n_answers, n_codes): every answer gets at least one.

    The residual code says that nothing else holds, so it never stands beside a likelier code. Where one code holds that
    is the likeliest, but for the facet `SCHEME`.
    """
    import numpy as np

    top = probability.argmax(axis=1)
    rows = np.arange(len(top))
    if model.choice == "one":
        applied = np.zeros(probability.shape, dtype=bool)
        if facet.id == SCHEME and facet.residual in model.codes:
            top = np.where(probability[rows, top] < UNSURE_SCHEME, model.codes.index(facet.residual), top)
        applied[rows, top] = True
        return applied
    applied = probability >= model.calibration.thresholds
    applied[rows, top] = True
    if facet.residual in model.codes:
        column = model.codes.index(facet.residual)
        applied[:, column] &= top == column
    return applied
