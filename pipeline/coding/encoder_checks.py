"""Whether a model gives vectors that can be used, and why one cannot be loaded."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.coding.encoder_files import WEIGHTS
from pipeline.errors import ModelError, problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Two sentences of as many words, and no word in both: Dutch, and English too.
PROBES = ("de bank was open", "het water is warm")
SAME = 1e-4  # of the largest number in the vectors; the same weights give less, another run of random ones more
POINTER = b"version https://git-lfs"
ANOTHER = "name another model, or leave 'encoder:' out for the shipped one"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what transformers prints while it loads a model off the screen: what matters of it is checked here."""
    from transformers import utils

    of_transformers: Any = utils.logging
    before = logging.root.manager.disable
    bars = of_transformers.is_progress_bar_enabled() and os.environ.get("HF_HUB_OFFLINE") == "1"  # a download shows its
    logging.disable(logging.WARNING)
    if bars:
        of_transformers.disable_progress_bar()
    try:
        yield
    finally:
        logging.disable(before)
        if bars:
            of_transformers.enable_progress_bar()


def with_its_own_weights(load: Callable[[], Any], source: str) -> Any:
    """Return a model of torch that gives the same vectors each time it is loaded.

    Weights that are not in the model's files are drawn at random, without an error; that is seen by loading twice.

    Raises:
        ModelError: some weights that matter are not in its files, or its vectors cannot be used.
    """
    import torch

    found: list[NDArray[np.float32]] = []
    model: Any = None
    for seed in (1, 2):
        model = None  # one at a time in memory
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = load()
        found.append(probe(model, source))
    if _differ(*found) > SAME:
        raise _refused(
            source,
            "some weights of the model are not in its files, so that they are drawn at random",
            "weights with the names and sizes that its config.json asks for",
        )
    return model


def probe(model: Any, source: str) -> NDArray[np.float32]:
    """Return a model's vectors of `PROBES`, shape (2, dimensions).

    Raises:
        ModelError: they are not numbers, all nought, or the same for both sentences.
    """
    import numpy as np

    found = np.asarray(model.encode(list(PROBES), show_progress_bar=False, convert_to_numpy=True), dtype=np.float32)
    if not np.isfinite(found).all():
        raise not_numbers(source)
    if not found.any():
        raise _refused(source, "every vector is nought: its weights are damaged", "vectors that differ per answer")
    if _differ(found[0], found[1]) <= SAME:
        raise _refused(
            source,
            "sentences of other words get the same vector: its tokenizer is missing or not its own",
            "a tokenizer (tokenizer.json, or vocab.txt or sentencepiece.bpe.model) beside the weights",
        )
    return found


def not_numbers(source: str) -> ModelError:
    """Return the error about vectors that hold NaN or infinity."""
    return _refused(source, "vectors that are no numbers (NaN or infinite): its weights are damaged", "finite vectors")


def why_not_loaded(folder: Path | None, error: Exception) -> tuple[str, str]:
    """Return what is wrong with a model that cannot be loaded, and what to do; `folder` is None for a name."""
    if "trust_remote_code" in str(error):
        return "the model asks for code of its own, which Duiding does not run", ANOTHER
    if folder is None:
        return f"this model is not on this machine ({type(error).__name__})", "correct 'encoder:' or fetch the model"
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    if not files:
        return "an empty folder", "copy the model's files into it"
    for file in files:
        if file.suffix in (".json", ".model", ".txt", *WEIGHTS) and _starts_with(file, POINTER):
            name = file.relative_to(folder)
            return f"{name} is a pointer of Git LFS, not the file itself", "run 'git lfs pull' there, or copy the file"
    config = folder / _first_path(folder) / "config.json"
    if "config.json" in str(error) and not config.is_file():
        return f"{config.relative_to(folder)} is missing", "copy all of the model's files"
    return f"the model cannot be loaded: it is damaged ({type(error).__name__})", ANOTHER


def _first_path(folder: Path) -> str:
    """Return where in the folder its first step lies, by modules.json."""
    try:
        return str(json.loads((folder / "modules.json").read_text(encoding="utf-8"))[0]["path"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def _starts_with(file: Path, start: bytes) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(start)) == start


def _differ(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    import numpy as np

    return float(np.abs(one - other).max() / np.abs(one).max())


def _refused(source: str, found: str, expected: str) -> ModelError:
    return ModelError(problem(file=source, found=found, expected=expected, do=ANOTHER))
