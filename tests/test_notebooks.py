"""The notebooks run from top to bottom, use the library as a reader would, and are stored without outputs."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import pipeline
from pipeline.estimates.compare import HIGHER, LOWER, NO_DIFFERENCE
from pipeline.estimates.response import INDICATIVE, RELIABLE

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LONGEST_CELL = 15
#: What a notebook may use of `pipeline` beside the library's names: the demo, as `duiding init --demo` makes it, and
#: what people coded, as `duiding review import` reads it.
ALSO = {"copy_demo", "import_jsonl", "Workspace", "all_codings", "read_sample"}
#: What the column `word` of a table can say.
WORDS = (HIGHER, LOWER, NO_DIFFERENCE, RELIABLE, INDICATIVE)


def _read(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def _code(notebook: nbformat.NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_clean(path: Path) -> None:
    notebook = _read(path)
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, f"cell {number} is stored with its output"
            assert cell.source.count("\n") < LONGEST_CELL, f"cell {number} is longer than {LONGEST_CELL} lines"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_uses_the_public_library_only(path: Path) -> None:
    public = set(pipeline.__all__) | ALSO
    for source in _code(_read(path)):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pipeline":
                assert {name.name for name in node.names} <= public
            if isinstance(node, ast.Import):
                assert not any(name.name.startswith("pipeline") for name in node.names)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = _read(path)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}})
    client.execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    said = [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert not any("Warning" in text for text in said)
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and '"word"' in cell.source:
            shown = "".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)
            assert any(word in shown for word in WORDS), f"cell {number} promises words, and its table has none"
    left = [item.name for item in tmp_path.iterdir() if item.name.startswith("duiding-")]
    assert not left, "the notebook leaves files behind"
