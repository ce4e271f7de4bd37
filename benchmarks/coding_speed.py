"""How fast answers are embedded and coded, beside a peer: `OMP_NUM_THREADS=2 python benchmarks/coding_speed.py`.

The peer is what an analyst would write: scikit-learn's TF-IDF of character 2-5-grams with logistic regression, fitted
on the same examples. It has no sentence vector, no lemmas, no calibration. Both see the same answers, made by joining
and mixing the demo's and the example answers, with nothing remembered from before (but by `code_answers`). Ours uses
several processes, as it does for a user with so many answers; the peer has no such choice. The best of three runs
counts, by the clock; per CPU-second stands beside it, for machines that have other work.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from pipeline.bundled import bundled
from pipeline.codebook import load_codebook
from pipeline.coding.batches import batches_of_probabilities
from pipeline.coding.classify import code_answers, find_model
from pipeline.coding.embed import load_encoder
from pipeline.coding.examples import shipped_examples
from pipeline.coding.model_files import load_model

CODEBOOKS = ("participatiewet-verbeter", "minimabeleid-ervaring")  # linear models with tone, and with the network
BAR = 8000
MARK = re.compile(r"\{\{\w+:[^}]*\}\}")


def answers(n: int) -> list[str]:
    """Return n different answers of the demo's lengths: written answers, and pairs of halves of them."""
    texts: list[str] = []
    for file in sorted(bundled("annotations", "demo", "source").glob("*.tsv")):
        texts += [MARK.sub("…", line.split("\t")[-1]) for line in file.read_text(encoding="utf-8").splitlines()]
    for file in sorted(bundled("annotations", "examples").glob("*.jsonl")):
        texts += [json.loads(line)["text"] for line in file.read_text(encoding="utf-8").splitlines()]
    found = dict.fromkeys(texts)
    draw = random.Random(1)
    while len(found) < n:
        left, right = draw.choice(texts).split(), draw.choice(texts).split()
        found[" ".join(left[: len(left) // 2] + right[len(right) // 2 :])] = None
    return list(found)[:n]


def cpu_seconds() -> float:
    """Return what this process and the workers it has waited for have used."""
    return sum(os.times()[:4])


def per_second(n: int, work: Callable[[], object], repeat: int = 3) -> tuple[float, float]:
    """Return answers per second by the clock and per CPU-second."""
    clock, cpu = [], []
    for _ in range(repeat):
        started, used = time.perf_counter(), cpu_seconds()
        work()
        clock.append(time.perf_counter() - started)
        cpu.append(cpu_seconds() - used)
    return n / min(clock), n / min(cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=20_000, help="answers")
    parser.add_argument("--codebook", choices=CODEBOOKS, help="only this one")
    given = parser.parse_args()
    import sentence_transformers  # noqa: F401
    import spacy.lang.nl  # noqa: F401

    for name in [given.codebook] if given.codebook else CODEBOOKS:
        measure(name, given.n)


def measure(name: str, n: int) -> None:
    """Print how fast one codebook's answers are coded, beside the peer."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    book = load_codebook(name)
    started, used = time.perf_counter(), time.process_time()
    encoder = load_encoder()
    model = load_model(bundled("models", "classifiers", name))
    model.probabilities(["proef"], encoder)
    load, load_cpu = time.perf_counter() - started, time.process_time() - used

    texts = answers(n)
    examples = shipped_examples(book)
    peer = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(2, 5)), LogisticRegression(max_iter=300))
    peer.fit([example.text for example in examples], [example.codes[0] for example in examples])

    def fresh() -> object:
        for remembers in (model.scores, model.network, encoder):
            if remembers is not None:
                remembers.forget()
        return list(batches_of_probabilities(model, encoder, texts))

    table = pd.DataFrame({"answer_id": [str(row) for row in range(n)], "text": texts})
    find_model(book)
    ours, whole = per_second(n, fresh), per_second(n, lambda: code_answers(table, book))
    theirs = per_second(n, lambda: peer.predict_proba(texts))
    length = np.mean([len(text) for text in texts])
    print(f"{name}: {n} different answers of {length:.0f} characters, {os.cpu_count()} cores, "
          f"load {os.getloadavg()[0]:.1f}, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', '-')}")  # fmt: skip
    for what, (clock, cpu) in {
        f"embedding and classifying (bar {BAR:,})": ours,
        "the same with tables (code_answers)": whole,
        "peer, TF-IDF(char 2-5) + LogisticRegression": theirs,
    }.items():
        print(f"{what}: {clock:,.0f} answers/s, {cpu:,.0f} per CPU-second")
    print(f"model load after imports, first answer coded (bar 2 s): {load:.2f} s, {load_cpu:.2f} CPU-seconds")


if __name__ == "__main__":
    main()
