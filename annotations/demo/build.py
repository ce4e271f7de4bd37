"""Make the demo survey's files from the answers in source/: what an analyst would get, and the truth beside it.

Every answer was written for this project, by another hand than the training examples. The frequencies of the codes
per municipality follow the percentages published for 2022 (annotations/reference/). After a change in source/, run
`python annotations/demo/build.py`; the result is the same every time.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import xlsxwriter

from pipeline.codebook import Codebook, load_codebook

HERE = Path(__file__).parent
SEED = 2022
PARTICIPATIEWET = {"Hengelo": 274, "Haaksbergen": 54, "Borne": 61}
MINIMABELEID = {"Hengelo": 117, "Haaksbergen": 36, "Borne": 23, "": 72}
ANSWERED = {"succes": 0.93, "verbeter": 0.84}
MARK = re.compile(r"\{\{\w+:([^}]*)\}\}")


class Written(NamedTuple):
    """An answer from source/: its text, true status, true codes and the personal data in it."""

    text: str
    status: str
    codes: tuple[str, ...]
    personal: tuple[str, ...]


def read_source(name: str) -> list[Written]:
    """Return the answers of source/NAME.tsv (`codes<TAB>text`)."""
    out = []
    for line in (HERE / "source" / f"{name}.tsv").read_text(encoding="utf-8").splitlines():
        codes, text = line.split("\t", 1)
        out.append(_written(codes.split("|"), text))
    return out


def read_experiences() -> dict[str, list[Written]]:
    """Return the answers of source/minimabeleid-ervaring.tsv per scheme."""
    out: dict[str, list[Written]] = defaultdict(list)
    for line in (HERE / "source" / "minimabeleid-ervaring.tsv").read_text(encoding="utf-8").splitlines():
        scheme, valence, themes, text = line.split("\t", 3)
        codes = [valence] if valence.startswith("!") else [valence, *themes.split("|")]
        out[scheme].append(_written(codes, text))
    return out


def _written(codes: list[str], text: str) -> Written:
    status = "answer"
    if codes[0].startswith("!"):
        status = {"!niets": "nothing_to_improve", "!leeg-antwoord": "non_answer"}.get(codes[0], "other_language")
        codes = codes[1:]
    text = text.replace("\\n", "\n")
    personal = tuple(MARK.findall(text))
    return Written(MARK.sub(r"\1", text), status, tuple(code for code in codes if code), personal)


def published(question: str) -> dict[str, dict[str, float]]:
    """Return the published 2022 shares of Participatiewet codes: municipality -> code id -> share."""
    codebook = load_codebook(f"participatiewet-{question}")
    out: dict[str, dict[str, float]] = {group: {} for group in PARTICIPATIEWET}
    with (HERE.parent / "reference" / "participatiewet.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream, delimiter=";") if row["question"] == question]
    rows = [row for row in rows if row["wave"] == "2022"]
    for group in PARTICIPATIEWET:
        wanted = group if any(row["group"] == group for row in rows) else "Totaal"  # one annex table is missing
        for row in rows:
            if row["group"] == wanted:
                out[group][codebook.resolve(row["code"])] = float(row["share"])
    return out


class Reply(NamedTuple):
    """What one respondent gave to one question: the box, and the items ticked."""

    written: Written | None
    ticks: tuple[str, ...]


def reply_participatiewet(question: str, groups: list[str], rng: random.Random) -> list[Reply]:
    """Return a reply per respondent, so that the shares per municipality are close to the published ones."""
    pool = read_source(f"participatiewet-{question}")
    rng.shuffle(pool)
    order = list(range(len(groups)))
    rng.shuffle(order)
    answering = set(order[: round(ANSWERED[question] * len(order))])
    target = {
        group: {
            code: round(share * sum(groups[i] == group for i in answering))
            for code, share in published(question)[group].items()
        }
        for group in PARTICIPATIEWET
    }
    box: dict[int, Written] = {}
    silent = [i for i in order if i not in answering]
    open_places = [i for i in order if i in answering]
    for written in pool:
        if written.status in ("non_answer", "nothing_to_improve"):
            if silent:
                box[silent.pop()] = written
            continue
        for i in open_places:
            room = target[groups[i]]
            if all(room.get(code, 0) > 0 for code in written.codes):
                box[i] = written
                open_places.remove(i)
                for code in written.codes:
                    room[code] -= 1
                break
    ticks: dict[int, set[str]] = defaultdict(set)
    for group, room in target.items():
        for code, left in room.items():
            free = [i for i in sorted(answering) if groups[i] == group]
            free = [i for i in free if code not in (box[i].codes if i in box else ())]
            rng.shuffle(free)
            free.sort(key=lambda i: (i in box) + len(ticks[i]))  # first those who gave nothing yet
            for i in free[:left]:
                ticks[i].add(code)
    for i, written in box.items():  # many tick what they explain
        for code in written.codes:
            if rng.random() < 0.5:
                ticks[i].add(code)
    return [Reply(box.get(i), tuple(sorted(ticks[i]))) for i in range(len(groups))]


def participatiewet() -> None:
    """Write participatiewet.xlsx and participatiewet_waar.jsonl."""
    rng = random.Random(SEED)
    groups = [group for group, n in PARTICIPATIEWET.items() for _ in range(n)]
    rng.shuffle(groups)
    replies = {question: reply_participatiewet(question, groups, rng) for question in ("succes", "verbeter")}
    books = {question: load_codebook(f"participatiewet-{question}") for question in replies}
    header = ["Respondentnummer", "Gemeente", "Ingevuld"]
    for question, book in books.items():
        header += [f"{question}: {code.label}" for code in book.codes] + [f"{question}_toelichting"]
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(HERE / "participatiewet.xlsx", options)
    book.set_properties({"created": datetime(2022, 11, 1)})
    sheet = book.add_worksheet("Data")
    sheet.write_row(0, 0, header)
    truth = []
    for i, group in enumerate(groups):
        row: list[object] = [1001 + i, group, rng.choice(["papier", "online"])]
        for question, codebook in books.items():
            reply = replies[question][i]
            row += [1 if code.id in reply.ticks else None for code in codebook.codes]
            row.append(reply.written.text if reply.written else None)
            truth.append(_truth(f"{1001 + i}:{question}", question, group, reply, codebook))
        sheet.write_row(i + 1, 0, row)
    book.close()
    _write_truth("participatiewet", truth)


def minimabeleid() -> None:
    """Write minimabeleid.csv (semicolon, UTF-8 with BOM, as Excel saves it) and minimabeleid_waar.jsonl."""
    rng = random.Random(SEED + 1)
    groups = [group for group, n in MINIMABELEID.items() for _ in range(n)]
    rng.shuffle(groups)
    columns: dict[str, dict[int, Written]] = {}
    for question in ("succes", "verbeter"):
        pool = read_source(f"minimabeleid-{question}")
        columns[question] = dict(zip(rng.sample(range(len(groups)), len(pool)), pool, strict=True))
    for scheme, pool in sorted(read_experiences().items()):
        asked = [i for i, group in enumerate(groups) if scheme != "leergeld" or group == "Haaksbergen"]
        columns[f"ervaring-{scheme}"] = dict(zip(rng.sample(asked, len(pool)), pool, strict=True))
    books = {question: load_codebook("minimabeleid-" + question.partition("-")[0]) for question in columns}
    truth = []
    with (HERE / "minimabeleid.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
        writer.writerow(["Nr", "Gemeente", *(question.replace("ervaring-", "ervaring_") for question in columns)])
        for i, group in enumerate(groups):
            cells = [columns[question].get(i) for question in columns]
            writer.writerow([5001 + i, group, *(cell.text if cell else "" for cell in cells)])
            for question, cell in zip(columns, cells, strict=True):
                truth.append(_truth(f"{5001 + i}:{question}", question, group, Reply(cell, ()), books[question]))
    _write_truth("minimabeleid", truth)


def _truth(answer_id: str, question: str, group: str, reply: Reply, codebook: Codebook) -> dict[str, object]:
    written = reply.written or Written("", "empty", (), ())
    codes = [codebook.resolve(code) for code in written.codes]
    if question.startswith("ervaring-") and written.status == "answer":
        codes.append(codebook.resolve(question.partition("-")[2]))
    return {
        "answer_id": answer_id,
        "question": question,
        "group": group,
        "status": written.status,
        "codes": codes,
        "ticks": list(reply.ticks),
        "personal": list(written.personal),
    }


def _write_truth(name: str, truth: list[dict[str, object]]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in truth if row["status"] != "empty" or row["ticks"]]
    (HERE / f"{name}_waar.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    participatiewet()
    minimabeleid()
