"""A classifier on disk: numbers as safetensors, words as JSON; readable, and no code inside."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.bundled import bundled
from pipeline.coding.calibrate import Calibration
from pipeline.coding.features import Features, Settings
from pipeline.coding.model import FORMAT, CodeModel, FacetModel, Gate
from pipeline.coding.networks import network_with
from pipeline.errors import ModelError, problem
from pipeline.workspace import atomic

#: How the name of a model starts that `duiding learn` kept; no run makes such a model anew.
LEARNED = "geleerd-"


class ModelKey(NamedTuple):
    """What decides whether a kept model can be used; `network` is None where none took part."""

    format: int
    codebook: str
    examples: str
    encoder: str
    network: str | None


def files_of(folder: Path) -> tuple[Path, Path]:
    """Return the two files of a model, numbers and words; its name may hold dots."""
    return folder.with_name(f"{folder.name}.safetensors"), folder.with_name(f"{folder.name}.json")


def save_model(model: CodeModel, folder: Path) -> list[Path]:
    """Write a model as `<folder>.safetensors` (numbers) and `<folder>.json` (words): readable, no code inside."""
    import numpy as np
    from safetensors.numpy import save

    names, arrays = model.features.state()
    tensors = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()}
    facets: dict[str, Any] = {}
    for name, facet in model.facets.items():
        for key, array in facet.weights.items():
            kind = np.float32 if "intercept" in key else np.float16
            tensors[f"facet:{name}:{key}"] = np.ascontiguousarray(array, dtype=kind)
        facets[name] = {"codes": facet.codes, "choice": facet.choice, "calibration": facet.calibration.to_json()}
        if facet.linear is not None:
            facets[name] |= {"linear": facet.linear.to_json(), "share": facet.share}
    content = {
        "format": FORMAT,
        "codebook_id": model.codebook_id,
        "codebook_digest": model.codebook_digest,
        "examples_digest": model.examples_digest,
        "encoder_name": model.encoder_name,
        "encoder_digest": model.encoder_digest,
        "start": model.start,
        "settings": asdict(model.features.settings),
        "facets": facets,
        "info": model.info,
        "network": model.network.digest if model.network else None,
        "gate": asdict(model.gate) if model.gate else None,
        "names": names,
    }
    numbers, words = files_of(folder)
    with atomic(numbers) as temporary:
        temporary.write_bytes(save(tensors))
    with atomic(words) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, sort_keys=True), encoding="utf-8")
    return [numbers, words]


def model_key(folder: Path) -> ModelKey:
    """Return what a kept model was made from, without loading it.

    Raises:
        ModelError: it is missing or damaged.
    """
    try:
        content = json.loads(files_of(folder)[1].read_text(encoding="utf-8"))
        return ModelKey(
            int(content["format"]),
            content["codebook_digest"],
            content["examples_digest"],
            content["encoder_digest"],
            content.get("network"),
        )
    except Exception as error:
        raise _damaged(folder, error) from error


def load_model(folder: Path) -> CodeModel:
    """Load a model that `save_model` wrote.

    Raises:
        ModelError: it is missing, damaged, or of another format, or the network that takes part is.
    """
    import numpy as np
    from safetensors.numpy import load_file

    try:
        numbers, words = files_of(folder)
        content = json.loads(words.read_text(encoding="utf-8"))
        tensors = load_file(numbers)
        if content["format"] != FORMAT:
            raise ValueError("format")
        raw = content["settings"]
        settings = Settings(tuple(raw["blocks"]), raw["min_count"])
        facets = {}
        for name, facet in content["facets"].items():
            start = f"facet:{name}:"
            weights = {
                key[len(start) :]: np.asarray(value, np.float32)
                for key, value in tensors.items()
                if key.startswith(start)
            }
            facets[name] = FacetModel(
                tuple(facet["codes"]),
                facet["choice"],
                weights,
                Calibration.from_json(facet["calibration"]),
                Calibration.from_json(facet["linear"]) if "linear" in facet else None,
                facet.get("share", 0.0),
            )
        network = network_with(content["network"]) if content["network"] else None
        return CodeModel(
            content["codebook_id"],
            content["codebook_digest"],
            content["examples_digest"],
            content["encoder_name"],
            content["encoder_digest"],
            content["start"],
            Features.restore(settings, content["names"], tensors),
            facets,
            content["info"],
            network,
            Gate(**content["gate"]) if content["gate"] else None,
        )
    except (ModelError, MemoryError):  # of the network that takes part: it ships, and this model is whole
        raise
    except Exception as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> ModelError:
    numbers, words = files_of(folder)
    both = f"remove both files of this model, {numbers.name} and {words.name}"
    if folder.parent == bundled("models", "classifiers"):
        do = "install Duiding again"
    elif folder.name.startswith(LEARNED):
        do = f"{both}, then run 'duiding learn' again"
    else:
        do = f"{both}; the model is then learned again"
    return ModelError(problem(file=numbers, found=f"missing or damaged ({type(error).__name__})", do=do))
