"""The transformer of a sentence-transformers folder on ONNX Runtime instead of torch, and its export.

sentence-transformers' own `backend="onnx"` needs optimum-onnx, which does not go together with transformers 5
(https://github.com/huggingface/optimum-onnx/issues/114). What it would load is loaded here: `onnx/model.onnx` of the
folder, its tokenizer, and the steps after the transformer (pooling, ...) that its modules.json names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import DuidingError, ModelError, problem
from pipeline.workspace import atomic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "onnx/model.onnx"  # where sentence-transformers and the model hub keep it
FETCHED = ("*.json", "*.txt", "*.model", "?_*/*", FILE, f"{FILE}_data", f"{FILE}.data")
STEPS = "sentence_transformers.models"
LARGEST = 1 << 30  # a tokenizer that knows no limit gives a number beyond this


class OnnxModel:
    """A transformer in ONNX with the tokenizer and the later steps of its folder; `encode` as sentence-transformers'.

    Raises:
        ModelError: ONNX Runtime or the file `onnx/model.onnx` is not there.
    """

    def __init__(self, folder: Path) -> None:
        first, *later = _modules(folder)
        inner = folder / first["path"]
        file = inner / FILE
        _need("onnxruntime")
        if not file.is_file():
            raise ModelError(
                problem(
                    file=file,
                    found="no such file",
                    expected="the model as ONNX",
                    do=f"make it with 'python -m pipeline.coding.onnx_backend {folder}', or leave out 'onnx:'",
                )
            )
        import onnxruntime
        from sentence_transformers.util import import_from_string
        from transformers import AutoTokenizer

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors
        self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._inputs = [one.name for one in self._session.get_inputs()]
        names = [one.name for one in self._session.get_outputs()]
        self._output = next((name for name in ("last_hidden_state", "token_embeddings") if name in names), names[0])
        self._tokenizer = AutoTokenizer.from_pretrained(str(inner), local_files_only=True, trust_remote_code=False)
        settings = _read(inner / "sentence_bert_config.json")
        limits = (_read(inner / "config.json").get("max_position_embeddings"), self._tokenizer.model_max_length)
        longest = settings.get("max_seq_length") or min(limit or LARGEST for limit in limits)
        self._longest = longest if longest < LARGEST else None
        self._lower = bool(settings.get("do_lower_case"))
        prompts = _read(folder / "config_sentence_transformers.json")
        self._prompt = (prompts.get("prompts") or {}).get(prompts.get("default_prompt_name"), "")
        self._later: list[Any] = []
        for one in later:
            kind: Any = import_from_string(one["type"])
            self._later.append(kind.load(str(folder), subfolder=one["path"], local_files_only=True).eval())
        if not (folder / "modules.json").is_file():  # a plain transformer: sentence-transformers takes the mean too
            kind = import_from_string(f"{STEPS}.Pooling")
            self._later = [kind(_read(inner / "config.json")["hidden_size"])]

    def encode(self, texts: Sequence[str], *, batch_size: int = 32, **_: object) -> NDArray[np.float32]:
        """Return the vectors as `SentenceTransformer.encode` does, shape (n_texts, dimensions)."""
        import numpy as np
        import torch

        order = sorted(
            range(len(texts)), key=lambda place: -len(texts[place])
        )  # little padding: alike lengths together
        found: list[NDArray[np.float32]] = [np.zeros(0, dtype=np.float32)] * len(texts)
        for start in range(0, len(order), batch_size):
            places = order[start : start + batch_size]
            said = [self._prompt + texts[place] for place in places]
            tokens = self._tokenizer(
                [text.lower() for text in said] if self._lower else said,
                padding=True,
                truncation=self._longest is not None,
                max_length=self._longest,
                return_tensors="np",
            )
            given = {name: np.asarray(tokens[name], dtype=np.int64) for name in tokens}
            # BERT with XLM-R's tokenizer (multilingual E5) wants token types that the tokenizer doesn't give: all zero
            given.setdefault("token_type_ids", np.zeros_like(given["input_ids"]))
            (hidden,) = self._session.run([self._output], {name: given[name] for name in self._inputs})
            features = {
                "token_embeddings": torch.from_numpy(np.asarray(hidden, dtype=np.float32)),
                "attention_mask": torch.from_numpy(given["attention_mask"]),
            }
            with torch.inference_mode():
                for module in self._later:
                    features = module(features)
            for place, vector in zip(places, features["sentence_embedding"].numpy(), strict=True):
                found[place] = vector
        return np.stack(found)


def _modules(folder: Path) -> list[dict[str, str]]:
    """Return the steps of modules.json: a transformer, then what sentence-transformers itself has."""
    file = folder / "modules.json"
    if not file.is_file():
        return [{"path": "", "type": f"{STEPS}.Transformer"}]
    modules = json.loads(file.read_text(encoding="utf-8"))
    kinds = [one["type"] for one in modules]
    if not kinds[0].endswith(".Transformer") or not all(kind.startswith("sentence_transformers.") for kind in kinds):
        raise ModelError(
            problem(
                file=file,
                found="not a transformer with steps that sentence-transformers has",
                do="leave out 'onnx:'",
            )
        )
    return list(modules)


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def _need(*packages: str) -> None:
    from importlib.util import find_spec

    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise ModelError(
            problem(
                place="onnx",
                found=f"{' and '.join(missing)} not installed",
                do="run 'pip install \"duiding[onnx]\"', or leave out 'onnx:' to use torch",
            )
        )


def folder_of(name: str) -> Path:
    """Return the folder of a model: `name` itself, or where the model hub's client keeps (or fetches) that name."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    import os

    from huggingface_hub import snapshot_download

    offline = os.environ.get("HF_HUB_OFFLINE") == "1"
    return Path(snapshot_download(name, local_files_only=offline, allow_patterns=list(FETCHED)))


def export(name: str) -> Path:
    """Write the transformer of a model (a folder, or a name that is on this machine) as `onnx/model.onnx` beside it.

    Raises:
        ModelError: packages or the weights are not there or damaged, or the model is not one that torch can export.
        DuidingError: the file can't be written; nothing half-written stays.
    """
    _need("onnx", "onnxscript")
    import os
    import warnings

    from pipeline.coding.embed import load_encoder
    from pipeline.coding.encoder_checks import quiet

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        folder = folder_of(name)
        inner = folder / _modules(folder)[0]["path"]
        load_encoder(str(folder))  # raises: weights drawn at random would be in the file for good
        import torch
        from transformers import AutoModel, AutoTokenizer

        with quiet():
            model = AutoModel.from_pretrained(str(inner), local_files_only=True, trust_remote_code=False).eval()
        tokens = AutoTokenizer.from_pretrained(str(inner), local_files_only=True, trust_remote_code=False)(
            ["een korte zin", "en een langere zin, over de balie"], padding=True, return_tensors="pt"
        )
        names = list(tokens)

        class Hidden(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model = model

            def forward(self, *values: Any) -> Any:
                return self.model(**dict(zip(names, values, strict=True))).last_hidden_state

        file = inner / FILE
        free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
        with quiet(), warnings.catch_warnings(), atomic(file) as temporary:
            warnings.simplefilter("ignore")
            torch.onnx.export(
                Hidden().eval(),
                tuple(tokens[name] for name in names),
                str(temporary),
                input_names=names,
                output_names=["last_hidden_state"],
                dynamic_shapes=(tuple(free for _ in names),),
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    except DuidingError:
        raise
    except Exception as error:
        raise ModelError(
            problem(
                file=name,
                found=f"cannot be exported ({type(error).__name__})",
                expected="a transformer with its weights on this machine",
            )
        ) from error
    return file


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python -m pipeline.coding.onnx_backend FOLDER-OR-NAME")
    try:
        print(export(sys.argv[1]))
    except DuidingError as error:
        sys.exit(str(error))
