from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.report.build import ReportData, build_report

from .synthetic import minimabeleid, participatiewet


@pytest.fixture(scope="session")
def data() -> ReportData:
    return participatiewet()


@pytest.fixture(scope="session")
def small(data: ReportData) -> ReportData:
    """The first question only, for all municipalities together: quick to write."""
    rows = (data.shares["question"] == "succes") & (data.shares["group"] == "Totaal")
    return replace(data, shares=data.shares[rows], comparisons=None, reference=None)


@pytest.fixture(scope="session")
def schemes() -> ReportData:
    return minimabeleid()


@pytest.fixture(scope="session")
def report(data: ReportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the participatiewet report in every format."""
    folder = tmp_path_factory.mktemp("participatiewet")
    build_report(data, folder)
    return folder


@pytest.fixture(scope="session")
def schemes_page(schemes: ReportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("minimabeleid")
    build_report(schemes, folder, formats=("html",))
    return folder / "rapport.html"
