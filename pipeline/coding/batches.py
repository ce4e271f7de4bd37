"""Many answers at once: batch after batch, on every core where that pays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.coding.embed import Encoder
from pipeline.coding.encoder_files import DEFAULT_ENCODER
from pipeline.processes import spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.coding.model import CodeModel

BATCH = 2000
PAYS_FROM = 4 * BATCH  # texts: below this, one process is done before others have started


def batches_of_probabilities(
    model: CodeModel, encoder: Encoder | None, texts: Sequence[str]
) -> Iterator[dict[str, NDArray[np.float64]]]:
    """Yield `model.probabilities` of batches of `BATCH` texts, in their order.

    From `PAYS_FROM` texts on processes share them (see `spread`), with the shipped encoder.
    """
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    pays = len(texts) >= PAYS_FROM and _forks_safely(encoder)
    return spread(lambda batch: model.probabilities(batch, encoder), batches, pays=pays)


def _forks_safely(encoder: Encoder | None) -> bool:
    """Return whether a forked process can encode: a transformer's own threads do not survive forking."""
    return encoder is None or encoder.name == DEFAULT_ENCODER
