"""How far the demo's percentages lie from the true ones: `python benchmarks/demo_truth.py [FOLDER]`.

FOLDER holds the demo surveys after `make demo`; without it they are laid out, reviewed and run in a temporary folder.
Nothing is written. This is the only program that reads the truth (`annotations/demo/*_waar.jsonl`): the main job never
does. A true share is one of the respondents who gave an answer (in any language) or ticked something.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from pipeline.bundled import bundled
from pipeline.config import Survey, load_survey
from pipeline.scaffold import DEMOS, copy_demo
from pipeline.workspace import Workspace, read_table

ANSWERED = ("answer", "other_language")


def true_shares(name: str, total: str) -> pd.DataFrame:
    """Return question, group, code, true (share 0-1) and n_true (respondents) for the codes that occur."""
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    base: dict[tuple[str, str], int] = defaultdict(int)
    for line in bundled("annotations", "demo", f"{name}_waar.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["status"] not in ANSWERED and not row["ticks"]:
            continue
        codes = set(row["ticks"]) | (set(row["codes"]) if row["status"] in ANSWERED else set())
        for group in filter(None, (row["group"], total)):
            base[row["question"], group] += 1
            for code in codes:
                counts[row["question"], group, code] += 1
    rows = [(question, group, code, n / base[question, group]) for (question, group, code), n in counts.items()]
    return pd.DataFrame(rows, columns=["question", "group", "code", "true"])


def against_truth(survey: Survey, name: str) -> pd.DataFrame:
    """Return the published shares of codes, with column `true` (0 for a code that never holds) and `covered`.

    Cells that are held back and codes that the file itself gives are left out. `covered`: the true share of these
    respondents lies in the interval for coding error alone (`coding_low`, `coding_high`), give or take half a person.
    """
    shares = read_table(Workspace(survey.workspace_path).path("shares.parquet"))
    truth = true_shares(name, survey.total_label)
    table = shares.merge(truth, on=["question", "group", "code"], how="left").fillna({"true": 0.0})
    given = set()
    for question in survey.questions:
        book = survey.codebook(question)
        fixed = [book.by_id[book.resolve(code)] for code in question.fixed_codes]
        facets = {code.facet for code in fixed if code.facet}
        given |= {(question.id, code.id) for code in book.codes if code in fixed or code.facet in facets}
    shown = ~table["suppressed"].astype(bool) & table["share"].notna() & (table["kind"] == "code")
    shown &= pd.Series([pair not in given for pair in zip(table["question"], table["code"], strict=True)], table.index)
    table = table[shown].copy()
    half = 0.5 / table["n_answers"]
    for name_, low, high in (("covered", "low", "high"), ("covered_coding", "coding_low", "coding_high")):
        table[name_] = (table["true"] >= table[low] - half) & (table["true"] <= table[high] + half)
    return table


def show(survey: Survey, table: pd.DataFrame, *, every_code: bool) -> None:
    """Print a line per question and, for the total, one per code."""
    console = Console(highlight=False, soft_wrap=True, width=110)
    console.print(f"\n{survey.title} ({survey.wave}): machine counts and corrected shares beside the true ones")
    lines = Table(box=None, pad_edge=False)
    for column in ("question", "code", "machine", "corrected", "interval", "true"):
        lines.add_column(column, justify="left" if column in ("question", "code") else "right")
    for row in table[table["group"] == survey.total_label].to_dict("records"):
        if row["n_answers"] >= 100 or every_code:
            mark = "" if row["covered"] else " *"
            lines.add_row(row["question"], row["code"], _points(row["machine_share"]), _points(row["share"]),
                          f"{_points(row['low'])} - {_points(row['high'])}", _points(row["true"]) + mark)  # fmt: skip
    console.print(lines)
    console.print("* outside its interval\n")
    summary = Table(box=None, pad_edge=False)
    for column in ("question", "answers", "reviewed", "cells", "machine off by", "corrected off by", "interval covers"):
        summary.add_column(column, justify="left" if column == "question" else "right")
    for question, rows in [*table.groupby("question", sort=False), ("all", table)]:
        total = rows[rows["group"] == survey.total_label]
        n = total["n_answers"].max() if question != "all" else total.groupby("question")["n_answers"].max().sum()
        seen = total["n_reviewed"].max() if question != "all" else total.groupby("question")["n_reviewed"].max().sum()
        summary.add_row(str(question), str(int(n)), str(int(seen)), str(len(rows)), error(rows, "machine_share"),
                        error(rows, "share"), f"{int(rows['covered'].sum())} of {len(rows)}")  # fmt: skip
    console.print(summary)
    console.print(
        "Mean absolute error in points, over codes, municipalities and the total. Of all cells "
        f"{table['covered'].mean():.0%} have the true share in the interval shown, "
        f"{table['covered_coding'].mean():.0%} in the narrower one for coding error alone."
    )


def error(rows: pd.DataFrame, column: str) -> str:
    """Return the mean absolute error in points."""
    return f"{100 * (rows[column] - rows['true']).abs().mean():.1f}"


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def main() -> None:
    """Print both demo surveys."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--every-code", action="store_true", help="also the codes of questions with few answers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or lay_out(Path(temporary))
        for name in DEMOS:
            survey = load_survey(folder / name)
            show(survey, against_truth(survey, name), every_code=options.every_code)


def lay_out(folder: Path) -> Path:
    """Lay out, review and run the demo surveys."""
    from pipeline.job import run
    from pipeline.review.exchange import import_jsonl

    for file in copy_demo(folder):
        survey = load_survey(file)
        import_jsonl(Workspace(survey.workspace_path), survey, file.with_name("review.jsonl"))
        run(survey, formats=())
    return folder


if __name__ == "__main__":
    main()
