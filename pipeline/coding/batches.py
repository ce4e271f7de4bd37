"""Many answers at once: batch after batch, on every core where that pays."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline.coding.embed import Encoder
from pipeline.coding.encoder_files import DEFAULT_ENCODER

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.coding.model import CodeModel

BATCH = 2000
PAYS_FROM = 4 * BATCH  # texts: below this, one process is done before others have started
MOST_PROCESSES = 8
_work: tuple[CodeModel, Encoder | None] | None = None  # of a worker process


def batches_of_probabilities(
    model: CodeModel, encoder: Encoder | None, texts: Sequence[str]
) -> Iterator[dict[str, NDArray[np.float64]]]:
    """Yield `model.probabilities` of batches of `BATCH` texts, in their order.

    From `PAYS_FROM` texts on the batches are spread over processes, on Linux and with the shipped encoder: looking
    words up is plain Python, which threads would not speed up. The figures are the same either way, also when a
    process is killed (memory is short): this one then works out what is left.
    """
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    n_processes = min(_cores(), MOST_PROCESSES, len(batches))
    if len(texts) < PAYS_FROM or n_processes < 2 or sys.platform != "linux" or not _forks_safely(encoder):
        yield from (model.probabilities(batch, encoder) for batch in batches)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    done = 0
    # Forked, so that the workers have the model and all that it remembers of words without being sent it.
    with (
        suppress(BrokenProcessPool),
        ProcessPoolExecutor(n_processes, get_context("fork"), _start, (model, encoder)) as pool,
    ):
        for found in pool.map(_probabilities, batches):
            done += 1
            yield found
    yield from (model.probabilities(batch, encoder) for batch in batches[done:])


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _forks_safely(encoder: Encoder | None) -> bool:
    """Return whether a forked process can encode: a transformer's own threads do not survive forking."""
    return encoder is None or encoder.name == DEFAULT_ENCODER


def _start(model: CodeModel, encoder: Encoder | None) -> None:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    global _work
    _work = model, encoder
    gc.freeze()  # what the parent made stays; the collector need not look through it again and again
    threadpool_limits(limits=1)


def _probabilities(batch: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    assert _work is not None
    model, encoder = _work
    return model.probabilities(batch, encoder)
