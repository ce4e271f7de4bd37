"""Sentence vectors: any sentence-transformers model by name or path, by default the small Dutch one that ships."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from pipeline.bundled import bundled
from pipeline.coding.encoder_checks import not_numbers, probe, quiet, why_not_loaded, with_its_own_weights
from pipeline.coding.encoder_files import DEFAULT_ENCODER, encoder_digest, prefix_of, read_name, says_folder
from pipeline.coding.word_rows import MAX_REMEMBERED, WordRows
from pipeline.coding.words import MAX_CHARACTERS, Said, occurrences
from pipeline.errors import ModelError, problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

#: Texts at a time: looking vectors up goes best in large heaps, a transformer pads all texts of a heap to the longest.
BATCH, TRANSFORMER_BATCH = 1024, 32
REINSTALL = "install Duiding again"


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

        Raises:
            ModelError: the model gives NaN or infinity.
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
        vectors = np.asarray(raw, dtype=np.float32)
        if not np.isfinite(vectors).all():
            raise not_numbers(self.name)
        vectors = _unit_rows(vectors)
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
        ModelError: the tokenizer's file is missing or damaged.
    """
    from tokenizers import Tokenizer

    file = bundled("models", DEFAULT_ENCODER, "tokenizer.json")
    try:
        return WordPieces(Tokenizer.from_file(str(file)))
    except Exception as error:
        found = f"missing or damaged ({type(error).__name__})"
        raise ModelError(problem(file=file, found=found, do=REINSTALL)) from error


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


def load_encoder(name: str | None = None) -> Encoder:
    """Load an encoder: the shipped one (no name), a folder, or a model name known to sentence-transformers.

    `onnx:` before the folder or name runs its transformer on ONNX Runtime. One that was loaded before is kept in memory
    until its files change.

    Names are looked up on a model hub only when the user's own settings allow it (`HF_HUB_OFFLINE=0`); by default
    nothing leaves the machine and only models already on it are found.

    Raises:
        ModelError: the folder or model is not there, or it is damaged or not complete, or what it needs to run is not
            installed, or its vectors cannot be used.
    """
    return _loaded(name, encoder_digest(name))


@lru_cache(maxsize=2)
def _loaded(name: str | None, _digest: str) -> Encoder:
    backend, plain, path = read_name(name)
    shipped, is_folder = plain == DEFAULT_ENCODER, path.is_dir()
    if not is_folder and (shipped or path.exists() or says_folder(plain)):
        raise ModelError(
            problem(
                file=path.absolute(),
                found="no such model folder",
                expected="a sentence-transformers folder",
                do=REINSTALL if shipped else "correct 'encoder:' or leave it out for the shipped one",
            )
        )
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    source = str(path.absolute()) if is_folder else plain
    _need_sentence_transformers()
    try:
        with quiet():
            model = _load(source, backend, shipped)
            encoder = Encoder(backend + plain, model, encoder_digest(name), prefix_of(plain, path))
            encoder.encode(["proef"])
    except (ModelError, MemoryError):
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
        found, do = why_not_loaded(path if is_folder else None, error)
        raise ModelError(
            problem(
                file=source,
                found=found,
                expected="a folder or name that sentence-transformers can load",
                do=REINSTALL if shipped else do,
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


def _load(source: str, backend: str, shipped: bool) -> Any:
    if backend:
        from pipeline.coding.onnx_backend import OnnxModel, folder_of

        model = OnnxModel(folder_of(source))
        probe(model, source)
        return model
    from sentence_transformers import SentenceTransformer

    def load() -> Any:
        return SentenceTransformer(source, device="cpu", local_files_only=os.environ["HF_HUB_OFFLINE"] == "1")

    return load() if shipped else with_its_own_weights(load, source)


def _looks_up(model: Any) -> bool:
    """Return whether a model is a table of vectors rather than a transformer."""
    return hasattr(model, "__getitem__") and type(model[0]).__name__ == "StaticEmbedding"
