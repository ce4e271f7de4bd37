"""What the examples, the features and the encoder each bring: `python benchmarks/ablation.py`; prints Markdown.

Every setting is fitted on the example answers and measured on the demo's answers (annotations/demo/source), which
another hand wrote and no model learns from. Writes nothing. `--codes` prints the figures per code of the full model.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.bundled import bundled
from pipeline.codebook import Codebook, load_codebook, shipped_codebooks
from pipeline.coding.choose import choose
from pipeline.coding.classify import find_model
from pipeline.coding.embed import load_encoder
from pipeline.coding.examples import Example, shipped_examples
from pipeline.coding.features import BLOCKS, Settings
from pipeline.coding.fit import fit_model
from pipeline.coding.model import CodeModel
from pipeline.coding.networks import network_for

MARK = re.compile(r"\{\{\w+:[^}]*\}\}")
SEED = 1
N_GRAMS = ("characters", "words")
SCHEME = "regeling"  # the demo's schemes are given by the question, so that facet is not measured here


@dataclass(frozen=True)
class Setting:
    """One row of the table: how many examples per code (None: all), which blocks of features, and the networks or not.

    The networks have learned from all examples, so they take part only where all are used.
    """

    name: str
    examples: int | None
    blocks: tuple[str, ...]
    network: bool = False


SETTINGS = (
    Setting("20 examples per code, linear models", 20, BLOCKS),
    Setting("50 examples per code, linear models", 50, BLOCKS),
    Setting("100 examples per code, linear models", 100, BLOCKS),
    Setting("all examples, linear models, networks (as shipped)", None, BLOCKS, network=True),
    Setting("all examples, linear models", None, BLOCKS),
    Setting("all examples, character n-grams", None, ("characters",)),
    Setting("all examples, character and lemma n-grams (no encoder)", None, N_GRAMS),
    Setting("all examples, sentence vector only (shipped encoder)", None, ("vectors",)),
)


def demo_answers(codebook: Codebook) -> list[Example]:
    """Return the demo's coded answers with removed personal data as the coder sees them."""
    out = []
    path = bundled("annotations", "demo", "source", f"{codebook.id}.tsv")
    for line in path.read_text(encoding="utf-8").splitlines():
        *names, text = line.split("\t")
        if not any(name.startswith("!") for name in names):
            wanted = names[1:] if len(names) == 3 else names
            codes = [codebook.resolve(code) for name in wanted for code in name.split("|")]
            out.append(Example(MARK.sub("…", text), tuple(codes)))
    return out


def some(examples: list[Example], per_code: int | None, seed: int = SEED) -> list[Example]:
    """Return at most `per_code` examples per primary code, drawn with `seed`; all when None."""
    if per_code is None:
        return examples
    shuffled = random.Random(seed).sample(examples, len(examples))
    taken: dict[str, int] = {}
    out = []
    for example in shuffled:
        taken[example.codes[0]] = taken.get(example.codes[0], 0) + 1
        if taken[example.codes[0]] <= per_code:
            out.append(example)
    return out


def judge(model: CodeModel, codebook: Codebook, answers: list[Example]) -> dict[str, dict[str, NDArray[Any]]]:
    """Return per facet whether the first choice is right (of answers with a code), and hits, given and wanted."""
    probabilities = model.probabilities([answer.text for answer in answers], load_encoder())
    out = {}
    for facet in codebook.facet_list():
        if facet.id == SCHEME:
            continue
        learned, probability = model.facets[facet.id], probabilities[facet.id]
        chosen = choose(probability, learned, facet)
        truth = np.array([[code in answer.codes for code in learned.codes] for answer in answers])
        first = np.array([next((c for c in answer.codes if c in learned.codes), "") for answer in answers])
        top = np.array(learned.codes)[probability.argmax(axis=1)]
        out[facet.id] = {
            "right": (top == first)[first != ""],
            "hits": (chosen & truth).sum(axis=0),
            "given": chosen.sum(axis=0),
            "wanted": truth.sum(axis=0),
        }
    return out


def f1(hits: Any, given: Any, wanted: Any) -> float:
    return float(2 * hits / max(given + wanted, 1))


def ablation(names: list[str]) -> None:
    columns: list[str] = []
    rows = []
    for setting in SETTINGS:
        cells, n = [], []
        columns = []
        for name in names:
            book = load_codebook(name)
            examples = some(shipped_examples(book), setting.examples)
            network = network_for(book) if setting.network else None
            model = fit_model(
                book, examples, load_encoder(), settings=Settings(setting.blocks), seed=SEED, network=network
            )
            n.append(len(examples))
            for facet, found in judge(model, book, demo_answers(book)).items():
                columns.append(f"{name} {facet}".strip())
                cells.append((found["right"].mean(), f1(*(found[k].sum() for k in ("hits", "given", "wanted")))))
        mean = np.mean(cells, axis=0)
        row = [setting.name, str(sum(n)), *(f"{a:.3f} / {b:.3f}" for a, b in [*cells, mean])]
        rows.append("| " + " | ".join(row) + " |")
        print(rows[-1], file=sys.stderr, flush=True)
    head = ["top1 / micro-F1", "examples", *columns, "mean"]
    print("| " + " | ".join(head) + " |")
    print("| --- " + "| ---: " * (len(head) - 1) + "|")
    print("\n".join(rows))


def per_code(names: list[str]) -> None:
    print("| codebook | code | examples | demo answers | precision | recall | F1 |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for name in names:
        book = load_codebook(name)
        examples = shipped_examples(book)
        model, _ = find_model(book)  # the one that ships, when it is up to date
        for facet, found in judge(model, book, demo_answers(book)).items():
            for code, hits, given, wanted in zip(
                model.facets[facet].codes, found["hits"], found["given"], found["wanted"], strict=True
            ):
                n = sum(code in example.codes for example in examples)
                precision = f"{hits / given:.2f}" if given else "-"
                recall = f"{hits / wanted:.2f}" if wanted else "-"
                both = f"{f1(hits, given, wanted):.2f}" if wanted else "-"
                print(f"| {name} | {book.by_id[code].label} | {n} | {wanted} | {precision} | {recall} | {both} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codes", action="store_true", help="print figures per code instead")
    parser.add_argument("--codebook", action="append", help="only this codebook; may be repeated")
    given = parser.parse_args()
    names = given.codebook or list(shipped_codebooks())
    (per_code if given.codes else ablation)(names)


if __name__ == "__main__":
    main()
