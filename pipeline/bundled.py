"""Where the data that travels with Duiding lies: codebooks, examples, encoder, demo survey, published figures."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(*parts: str) -> Path:
    """Return the path of a bundled file or folder, e.g. `bundled("annotations", "codebooks")`.

    In a checkout the data lies beside the package; a wheel carries it inside the package, under `_data`.
    """
    checkout = _PACKAGE.parent
    in_checkout = (checkout / "pyproject.toml").is_file() and (checkout / "annotations").is_dir()
    return (checkout if in_checkout else _PACKAGE / "_data").joinpath(*parts)
