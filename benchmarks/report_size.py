"""How long the report of 100,000 answers takes per format, and its size: `python benchmarks/report_size.py [N]`.

Bars: all formats together < 60 s, the page < 10 MB. Beside it, in the same run, what pandas needs to write nothing but
the coded table (`to_html`, `to_excel`): no tables of percentages, charts, quotes or links to answers.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

from pipeline.report.build import build_report, make_context
from pipeline.report.coded_file import coded_file
from pipeline.report.options import FORMATS, Options

LIMIT_SECONDS, LIMIT_MB = 60.0, 10.0
MEGABYTE = 1e6


def synthetic() -> ModuleType:
    """Return the made-up survey of the tests; it grows to any size."""
    path = Path(__file__).parents[1] / "tests" / "report" / "synthetic.py"
    spec = importlib.util.spec_from_file_location("synthetic", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def timed(what: str, work: Callable[[], list[Path]]) -> tuple[float, float]:
    """Do the work, print and return its seconds and the megabytes of the largest file."""
    started = time.perf_counter()
    files = work()
    seconds = time.perf_counter() - started
    sizes = [path.stat().st_size / MEGABYTE for path in files]
    print(f"  {what:<28} {seconds:6.1f} s   {len(files):>3} files {sum(sizes):7.1f} MB, largest {max(sizes):.1f}")
    return seconds, max(sizes)


def main() -> None:
    """Print seconds and sizes; exit with 1 when over the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answers", nargs="?", type=int, default=100_000)
    wanted = parser.parse_args().answers
    survey = partial(synthetic().participatiewet, nasty=False)  # a control character stops pandas, not Duiding
    per_copy = int((survey(times=20).answers["status"] == "answer").sum()) / 20
    data = survey(times=max(1, math.ceil(wanted / per_copy)))
    n = int((data.answers["status"] == "answer").sum())
    print(f"{n:,} answers of {data.answers['respondent_id'].nunique():,} respondents")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in FORMATS:

            def one(name: str = name) -> list[Path]:
                return build_report(data, folder / name, formats=[name])

            timed(f"{name}, alone", one)
        seconds, _ = timed("all formats", lambda: build_report(data, folder / "all"))
        page = (folder / "all" / "rapport.html").stat().st_size / MEGABYTE
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        table = coded_file(make_context(data, Options())).table

        def to_html() -> list[Path]:
            table.to_html(folder / "peer.html")
            return [folder / "peer.html"]

        def to_excel() -> list[Path]:
            table.to_excel(folder / "peer.xlsx", engine="openpyxl")
            return [folder / "peer.xlsx"]

        timed("peer: pandas to_html", to_html)
        timed("peer: pandas to_excel", to_excel)
    print(f"all formats {seconds:.1f} s (bar {LIMIT_SECONDS:g} s), page {page:.1f} MB (bar {LIMIT_MB:g} MB), "
          f"peak {peak:.1f} GB")  # fmt: skip
    if seconds > LIMIT_SECONDS or page > LIMIT_MB:
        raise SystemExit("over the bar")


if __name__ == "__main__":
    main()
