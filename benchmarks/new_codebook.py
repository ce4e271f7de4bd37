"""How well a codebook of another field is coded, with few examples or none: `python benchmarks/new_codebook.py`.

The codebooks, examples and answers are those of tests/coding/data: no shipped model, nor the encoder, has seen them.
Beside each figure stands that of scikit-learn's own TF-IDF (characters 2-5) with logistic regression, fitted on the
same examples. With 5 per code the mean of three draws. Prints Markdown.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ablation import f1, judge, some
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from pipeline.codebook import Codebook, load_codebook
from pipeline.coding.embed import load_encoder
from pipeline.coding.examples import Example, load_examples
from pipeline.coding.fit import fit_model

DATA = Path(__file__).parents[1] / "tests" / "coding" / "data"
DRAWS = {0: 1, 5: 3, 15: 1}  # how often so many examples per code are drawn: 15 are all there are


def measured(book: Codebook, examples: list[Example], asked: list[Example]) -> tuple[float, float]:
    """Return the share of answers whose first code is the likeliest one, and the micro-F1 of the chosen codes."""
    (found,) = judge(fit_model(book, examples, load_encoder()), book, asked).values()
    return found["right"].mean(), f1(*(found[counted].sum() for counted in ("hits", "given", "wanted")))


def peer(examples: Sequence[Example], asked: Sequence[Example]) -> float:
    """Return the share of answers whose first code scikit-learn's pipeline names."""
    model = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
        LogisticRegression(C=10, max_iter=500),
    )
    model.fit([one.text for one in examples], [one.codes[0] for one in examples])
    return float((model.predict([one.text for one in asked]) == np.array([one.codes[0] for one in asked])).mean())


def main() -> None:
    print("| codebook | answers | examples per code | top1 | micro-F1 | scikit-learn, top1 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for path in sorted(DATA.glob("*_toets.jsonl")):
        name = path.name.removesuffix("_toets.jsonl")
        book = load_codebook(DATA / f"{name}.yaml")
        asked = load_examples(path, book)
        examples = load_examples(DATA / f"{name}_voorbeelden.jsonl", book)
        for per_code, n_draws in DRAWS.items():
            draws = [some(examples, per_code, seed) for seed in range(1, n_draws + 1)]
            top1, micro_f1 = np.mean([measured(book, draw, asked) for draw in draws], axis=0)
            beside = f"{np.mean([peer(draw, asked) for draw in draws]):.3f}" if per_code else ""
            print(f"| {name} | {len(asked)} | {per_code} | {top1:.3f} | {micro_f1:.3f} | {beside} |", flush=True)


if __name__ == "__main__":
    main()
