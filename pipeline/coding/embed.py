"""Sentence vectors: any sentence-transformers model by name or path, by default the small Dutch one that ships."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from pipeline.bundled import bundled
from pipeline.coding.word_rows import MAX_REMEMBERED, WordRows
from pipeline.coding.words import MAX_CHARACTERS, Said, occurrences
from pipeline.errors import ModelError, problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

DEFAULT_ENCODER = "duiding-nl-static"
ONNX = "onnx:"  # before a name or folder: run its transformer on ONNX Runtime instead of torch
#: Texts at a time: looking vectors up goes best in large heaps, a transformer pads all texts of a heap to the longest.
BATCH, TRANSFORMER_BATCH = 1024, 32
WEIGHTS = (".safetensors", ".bin")
#: What a model wants before a text; both sides of a comparison are answers, so both are queries.
PREFIXES = {"e5": "query: "}


class Encoder:
    """A loaded sentence-transformers model with its name, its prefix and a digest that says which weights these are."""

    def __init__(self, name: str, model: Any, digest: str, prefix: str = "") -> None:
        self.name = name
        self.digest = digest
        self.prefix = prefix
        self._model = _ByWord(model) if name == DEFAULT_ENCODER else model
        self._batch = BATCH if _looks_up(model) else TRANSFORMER_BATCH

    @property
    def dimensions(self) -> int:
        """Length of a sentence vector."""
        return int(self.encode([""]).shape[1])

    def forget(self) -> None:
        """Forget what was remembered of words (for measuring)."""
        if isinstance(self._model, _ByWord):
            self._model.forget()
            shipped_pieces().forget()

    def encode(self, texts: Sequence[str], *, batch_size: int | None = None) -> NDArray[np.float32]:
        """Return unit-length vectors, shape (n_texts, dimensions); a text without known words is all zeros.

        The shipped encoder reads a text up to `MAX_CHARACTERS`, another as far as it does itself.
        """
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        if isinstance(self._model, _ByWord):
            return self.encode_said(Said.of(texts))
        distinct = list(dict.fromkeys(texts))
        prefixed = [self.prefix + text for text in distinct]
        raw = self._model.encode(
            prefixed,
            batch_size=batch_size or self._batch,
            show_progress_bar=False,
            convert_to_numpy=True,
            normalize_embeddings=False,
        )
        vectors = _unit_rows(np.nan_to_num(np.asarray(raw, dtype=np.float32)))
        place = {text: row for row, text in enumerate(distinct)}
        out: NDArray[np.float32] = vectors[[place[text] for text in texts]]
        return out

    def encode_said(self, said: Said) -> NDArray[np.float32]:
        """Return what `encode` does of the texts up to `MAX_CHARACTERS`, shape (n_texts, dimensions)."""
        if isinstance(self._model, _ByWord):
            return _unit_rows(self._model.vectors(said))
        return self.encode([text[:MAX_CHARACTERS] for text in said.texts])


def _unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return rows of unit length; a row of zeros stays one."""
    import numpy as np

    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(norms > 0, norms, 1.0))


@lru_cache(maxsize=1)
def shipped_pieces() -> WordPieces:
    """Return the pieces that the shipped encoder and the networks share.

    Raises:
        Exception: the tokenizer's file is missing or damaged.
    """
    from tokenizers import Tokenizer

    return WordPieces(Tokenizer.from_file(str(bundled("models", DEFAULT_ENCODER, "tokenizer.json"))))


class WordPieces:
    """The pieces of words by the shipped encoder's tokenizer, which looks at nothing beyond a word.

    The encoder and the networks ask for the same words one after the other, so pieces are remembered.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._n_pieces = tokenizer.get_vocab_size()  # it counts them anew each time it is asked
        self._lock = Lock()
        self._known: dict[str, list[int]] = {}

    def forget(self) -> None:
        """Forget the words."""
        self._known = {}

    def of(self, words: Sequence[str]) -> csr_matrix:
        """Return a 1 for every piece of every word, shape (n_words, n_pieces), in their order."""
        with self._lock:
            new = [word for word in words if word not in self._known]
            if len(self._known) + len(new) > MAX_REMEMBERED:
                self._known, new = {}, list(words)
            for word, found in zip(new, self._tokenizer.encode_batch(new, add_special_tokens=False), strict=True):
                self._known[word] = found.ids
            pieces = [self._known[word] for word in words]
        return occurrences(pieces, self._n_pieces)


class _ByWord:
    """The shipped encoder with the sum of its pieces' vectors remembered for every word."""

    def __init__(self, model: Any) -> None:
        self._vectors = model[0].embedding.weight.detach().float().numpy()
        self._rows = WordRows(self._of_words, self._vectors.shape[1])

    def forget(self) -> None:
        self._rows.forget()

    def vectors(self, said: Said) -> NDArray[np.float32]:
        """Return vectors of the direction `SentenceTransformer.encode` gives, not of unit length."""
        import numpy as np

        spoken = self._rows.of(said)
        return np.asarray(spoken.matrix() @ spoken.table)

    def _of_words(self, words: list[str], _: int) -> NDArray[np.float32]:
        import numpy as np

        return np.asarray(shipped_pieces().of(words).astype(np.float32) @ self._vectors)


@lru_cache(maxsize=2)
def load_encoder(name: str | None = None) -> Encoder:
    """Load an encoder: the shipped one (no name), a folder, or a model name known to sentence-transformers.

    `onnx:` before the folder or name runs its transformer on ONNX Runtime.

    Names are looked up on a model hub only when the user's own settings allow it (`HF_HUB_OFFLINE=0`); by default
    nothing leaves the machine and only models already on it are found.

    Raises:
        ModelError: the folder or model is not there, or it is damaged, or what it needs to run is not installed.
    """
    backend, plain, path = _read_name(name)
    looks_like_path = plain == DEFAULT_ENCODER or path.exists() or plain.startswith((".", "/", "~"))
    if looks_like_path and not path.is_dir():
        raise ModelError(
            problem(
                file=path,
                found="no such model folder",
                expected="a sentence-transformers folder",
                do="correct 'encoder:' or leave it out for the shipped one",
            )
        )
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    source = str(path) if looks_like_path else plain
    _need_sentence_transformers()
    try:
        encoder = Encoder(backend + plain, _load(source, backend), encoder_digest(name), _prefix(plain))
        encoder.encode(["proef"])
    except ModelError:
        raise
    except ImportError as error:
        raise ModelError(
            problem(
                file=source,
                found=f"the model asks for code that is not installed ({error.name or type(error).__name__})",
                expected="a model that needs nothing beyond sentence-transformers, or what it needs beside it",
                do="install what the model's own page names, or leave 'encoder:' out for the shipped one",
            )
        ) from error
    except Exception as error:
        found = "the model cannot be loaded: it is damaged" if looks_like_path else "this model is not on this machine"
        raise ModelError(
            problem(
                file=source,
                found=f"{found} ({type(error).__name__})",
                expected="a folder or name that sentence-transformers can load",
                do="correct 'encoder:' or leave it out for the shipped one",
            )
        ) from error
    return encoder


def _need_sentence_transformers() -> None:
    try:
        import sentence_transformers  # noqa: F401
    except ImportError as error:
        raise ModelError(
            problem(
                place="encoder",
                found=f"the package {error.name or 'sentence_transformers'} cannot be imported",
                expected="the packages that Duiding was installed with",
                do="install Duiding again, in an environment of its own",
            )
        ) from error


def _load(source: str, backend: str) -> Any:
    if backend:
        from pipeline.coding.onnx_backend import OnnxModel, folder_of

        return OnnxModel(folder_of(source))
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(source, device="cpu", local_files_only=os.environ["HF_HUB_OFFLINE"] == "1")


def _looks_up(model: Any) -> bool:
    """Return whether a model is a table of vectors rather than a transformer."""
    return hasattr(model, "__getitem__") and type(model[0]).__name__ == "StaticEmbedding"


def _read_name(name: str | None) -> tuple[str, str, Path]:
    """Return the backend ('onnx:', or '' for torch), the name without it, and the folder it may be."""
    backend, plain = split_backend(name or DEFAULT_ENCODER)
    return backend, plain, bundled("models", plain) if plain == DEFAULT_ENCODER else Path(plain).expanduser()


def split_backend(name: str) -> tuple[str, str]:
    """Return the backend ('onnx:', or '' for torch) and the name or folder.

    Raises:
        ModelError: there is no name.

    >>> split_backend("onnx:intfloat/multilingual-e5-small")
    ('onnx:', 'intfloat/multilingual-e5-small')
    """
    backend = ONNX if name.startswith(ONNX) else ""
    plain = name.removeprefix(ONNX).strip()
    if not plain:
        found = f"no model after '{ONNX}'" if backend else "no name"
        raise ModelError(problem(place="encoder", found=found, do="name a model or its folder"))
    return backend, plain


def _prefix(name: str) -> str:
    """Return the prefix a family of models was trained with (E5: "query: ")."""
    words = re.split(r"[^a-z0-9]+", Path(name).name.lower())
    return next((prefix for family, prefix in PREFIXES.items() if family in words), "")


def encoder_digest(name: str | None) -> str:
    """Return the digest an encoder will have, without loading it; the same weights on another backend have another.

    Vectors of two backends differ in their last digits, so that what was learned from the one is not used with the
    other. Of a folder only the files count that the backend reads: to add `onnx/model.onnx` changes nothing for torch.
    Its name counts as far as it says which prefix the model wants.
    """
    backend, plain, path = _read_name(name)
    if path.is_dir():
        return _digest(path, backend, _prefix(plain))
    return hashlib.sha256((backend + plain).encode()).hexdigest()[:16]


def _digest(folder: Path, backend: str, prefix: str) -> str:
    digest = hashlib.sha256((backend + prefix).encode())
    for file in sorted(folder.rglob("*")):
        place = file.relative_to(folder)
        if file.is_file() and (_on_onnx(place) if backend else _on_torch(place)):
            digest.update(str(place).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _on_torch(place: Path) -> bool:
    return place.suffix in (".json", ".model", ".txt", *WEIGHTS) and "onnx" not in place.parts[:-1]


def _on_onnx(place: Path) -> bool:
    if place.parent.name == "onnx":
        return place.name.startswith("model.onnx")  # and model.onnx_data, where large weights are kept apart
    return _on_torch(place) and not (place.suffix in WEIGHTS and len(place.parts) == 1)
