"""Work on every core where that pays."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

MOST_PROCESSES = 8
_work: Callable[[Any], Any] | None = None  # of a worker process


def spread(work: Callable[[Given], Made], batches: Sequence[Given], *, pays: bool) -> Iterator[Made]:
    """Yield `work(batch)` of every batch, in their order; on Linux and where it `pays` several processes share them.

    It is for plain Python, which threads would not speed up. The results are the same either way, also when a process
    is killed (memory is short): this one then does what is left.
    """
    n_processes = min(_cores(), MOST_PROCESSES, len(batches))
    if not pays or n_processes < 2 or sys.platform != "linux":
        yield from map(work, batches)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    done = 0
    # Forked, so that the workers have all that the work needs and remembers without being sent it.
    with suppress(BrokenProcessPool), ProcessPoolExecutor(n_processes, get_context("fork"), _start, (work,)) as pool:
        for made in pool.map(_do, batches):
            done += 1
            yield made
    yield from map(work, batches[done:])


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(work: Callable[[Any], Any]) -> None:
    from threadpoolctl import threadpool_limits

    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    gc.freeze()  # what the parent made stays; the collector need not look through it again and again
    threadpool_limits(limits=1)


def _do(batch: Any) -> Any:
    assert _work is not None
    return _work(batch)
