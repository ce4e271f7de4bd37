"""Print the figures of annotations/README.md: examples per code, lengths, near-duplicates, closeness to the demo.

`python benchmarks/examples_table.py` prints them as markdown; with `--write` they also replace the ones in that file.
Figures only, never a text.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.feature_extraction.text import TfidfVectorizer

from pipeline.bundled import bundled
from pipeline.codebook import Codebook, load_codebook, shipped_codebooks
from pipeline.coding.examples import read_lines, shipped_examples

CONTRASTS = "contrasts"
NEAR, SAME = 0.85, 0.95
SHORT_WORDS = 3  # up to so many words two people may well write the same
DEMO_WORDS = 5
START, END = "<!-- examples -->", "<!-- /examples -->"
_MARK = re.compile(r"\{\{\w+:[^}]*\}\}")


@dataclass(frozen=True)
class Pair:
    """Two texts that are alike: their line numbers, cosine, and the words of the longer one."""

    left: int
    right: int | str
    cosine: float
    words: int


@dataclass(frozen=True)
class Measured:
    """A codebook's examples: pairs that are alike, and the length in characters at 0, 10, 25, 50, 75, 90 and 100%."""

    texts: list[str] = field(repr=False)
    near: list[Pair]
    near_demo: list[Pair]
    lengths: list[float]

    @property
    def duplicates(self) -> list[Pair]:
        """Pairs within the codebook that two people would not write by chance."""
        return [pair for pair in self.near if pair.words > SHORT_WORDS]

    @property
    def overlaps(self) -> list[Pair]:
        """Pairs with a demo answer that two people would not write by chance."""
        return [pair for pair in self.near_demo if pair.words > DEMO_WORDS]


def demo_texts(folder: Path | None = None) -> dict[str, str]:
    """Return the demo answers as they are coded (personal data as "…"), by `file:line`."""
    folder = folder or bundled("annotations", "demo", "source")
    out = {}
    for path in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            text = line.rsplit("\t", 1)[1].replace("\\n", "\n")
            out[f"{path.stem}:{number}"] = _MARK.sub("…", text)
    return out


def example_texts(name: str) -> list[str]:
    """Return the texts of a codebook's example file, or of the contrasts, in line order."""
    parts = [f"{name}.jsonl"] if name == CONTRASTS else ["examples", f"{name}.jsonl"]
    return [line["text"] for line in read_lines(bundled("annotations", *parts)).values()]


def _vectors(texts: list[str]) -> csr_matrix:
    found: csr_matrix = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True).fit_transform(texts)
    return found


def _alike(left: csr_matrix, right: csr_matrix | None = None) -> list[tuple[int, int, float]]:
    """Return the rows that are alike and their cosine; without `right` each pair of rows of `left` once."""
    both = left if right is None else vstack([left, right], format="csr")
    rare = _rarest(both)
    first, others = (0, rare) if right is None else (left.shape[0], rare[left.shape[0] :])
    out = []
    for start in range(0, left.shape[0], 500):
        found = (rare[start : min(start + 500, left.shape[0])] @ others.T).tocoo()
        rows, columns = start + found.row, first + found.col
        rows, columns = rows[rows < columns], columns[rows < columns]
        cosines = np.asarray(both[rows].multiply(both[columns]).sum(axis=1)).ravel()
        keep = cosines >= NEAR
        pairs = zip(rows[keep], columns[keep] - first, cosines[keep], strict=True)
        out += [(int(i), int(j), float(cosine)) for i, j, cosine in pairs]
    return out


def _rarest(vectors: csr_matrix) -> csr_matrix:
    """Return of every row of unit length its rarest n-grams, so many that what is left is shorter than `NEAR`.

    Two rows with a cosine from `NEAR` share one of these: without the rarest n-gram that they share, all they share
    would be in the rest. (The prefix filter of Bayardo, Ma and Srikant, Scaling up all pairs similarity search, 2007.)
    """
    rarest_first = np.argsort(np.bincount(vectors.indices, minlength=vectors.shape[1]), kind="stable")
    common_last = vectors[:, rarest_first].tocsr()
    common_last.sort_indices()
    squares = np.cumsum(common_last.data**2)
    ends = np.concatenate([[0.0], squares])[common_last.indptr]
    before = squares - common_last.data**2
    left = np.repeat(ends[1:], np.diff(common_last.indptr)) - before
    common_last.data = np.where(left >= NEAR**2 - 1e-6, common_last.data, 0.0)
    common_last.eliminate_zeros()
    return common_last


def _words(*texts: str) -> int:
    return max(len(text.split()) for text in texts)


def measure(name: str, demo: dict[str, str]) -> Measured:
    """Measure one codebook's examples, or the contrasts, against each other and against the demo."""
    texts, others, names = example_texts(name), list(demo.values()), list(demo)
    vectors = _vectors([*texts, *others])
    own, theirs = vectors[: len(texts)], vectors[len(texts) :]
    return Measured(
        texts=texts,
        near=[Pair(i + 1, j + 1, c, _words(texts[i], texts[j])) for i, j, c in _alike(own)],
        near_demo=[Pair(i + 1, names[j], c, _words(texts[i], others[j])) for i, j, c in _alike(own, theirs)],
        lengths=np.percentile([len(text) for text in texts], [0, 10, 25, 50, 75, 90, 100]).tolist(),
    )


def _per_code(book: Codebook) -> list[str]:
    examples = shipped_examples(book)
    counts = Counter(code for example in examples for code in example.codes)
    rows = [f"\n### {book.title} (`{book.id}`): {len(examples)} examples\n"]
    if book.facets:
        rows += ["| facet | code | examples |", "| --- | --- | ---: |"]
        rows += [f"| {code.facet} | {code.label} | {counts[code.id]} |" for code in book.codes]
        return rows
    first = Counter(example.codes[0] for example in examples)
    rows += ["| code | examples | of which named first |", "| --- | ---: | ---: |"]
    rows += [f"| {code.label} | {counts[code.id]} | {first[code.id]} |" for code in book.codes]
    return rows


def _several(book: Codebook) -> str:
    several = np.mean([len(example.codes) > 1 for example in shipped_examples(book)])
    return "by facet" if book.facets else f"{100 * several:.0f}%"


def table(measured: dict[str, Measured]) -> str:
    """Return all tables as markdown."""
    books = {name: load_codebook(name) for name in measured if name != CONTRASTS}
    out = [
        "| codebook | examples | length in characters: 10% | half | 90% | longest | more than one code |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, found in measured.items():
        low, half, high, longest = (f"{found.lengths[place]:.0f}" for place in (1, 3, 5, 6))
        share = "" if name == CONTRASTS else _several(books[name])
        out.append(f"| `{name}` | {len(found.texts)} | {low} | {half} | {high} | {longest} | {share} |")
    out += ["", f"| codebook | pairs of examples from {NEAR} | from {SAME} | close to a demo answer from {NEAR} |"]
    out.append("| --- | ---: | ---: | ---: |")
    for name, found in measured.items():
        same = sum(pair.cosine >= SAME for pair in found.duplicates)
        beside = len({pair.left for pair in found.overlaps})
        out.append(f"| `{name}` | {len(found.duplicates)} | {same} | {beside} |")
    return "\n".join([*out, *(line for book in books.values() for line in _per_code(book))])


def in_page(text: str) -> str:
    """Return what stands between the markers of a page."""
    return text.split(START, 1)[1].split(END, 1)[0].strip()


def main() -> None:
    """Print the tables, and with `--write` put them into annotations/README.md."""
    demo = demo_texts()
    found = table({name: measure(name, demo) for name in (*shipped_codebooks(), CONTRASTS)})
    print(found)
    if "--write" in sys.argv:
        page = bundled("annotations", "README.md")
        text = page.read_text(encoding="utf-8")
        before, rest = text.split(START, 1)
        after = rest.split(END, 1)[1]
        page.write_text(f"{before}{START}\n{found}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
