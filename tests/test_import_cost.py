"""Starting is cheap: `import pipeline` and `duiding --help` load nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ["torch", "spacy", "pandas", "numpy", "sklearn", "scipy", "label_studio_sdk", "ray", "sentence_transformers"]


@pytest.mark.parametrize("statement", ["import pipeline", "import pipeline.cli", "dir(__import__('pipeline'))"])
def test_importing_loads_nothing_heavy(statement: str) -> None:
    code = f"{statement}\nimport sys\nprint([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_library_is_eight_names() -> None:
    import pipeline

    assert len(pipeline.__all__) == 8
    for name in pipeline.__all__:
        assert callable(getattr(pipeline, name))
        assert getattr(pipeline, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    import pipeline

    with pytest.raises(AttributeError, match="nonsense"):
        _ = pipeline.nonsense
