"""Build the classifiers of the codebooks that ship from their example answers, with the encoder and networks that ship.

    python models/build_classifiers.py
    python models/build_classifiers.py --only minimabeleid-succes --out /tmp/classifiers

On two cores: over a minute each.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from pipeline.bundled import bundled
from pipeline.codebook import load_codebook, shipped_codebooks
from pipeline.coding.embed import load_encoder
from pipeline.coding.examples import shipped_examples
from pipeline.coding.fit import fit_model
from pipeline.coding.model_files import save_model
from pipeline.coding.networks import network_for


def main() -> str | None:
    """Build the classifiers, write each to its two files in --out, and return what stopped it."""
    names = shipped_codebooks()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=bundled("models", "classifiers"), help="folder of their files")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="CODEBOOK", help="build only these")
    args = parser.parse_args()
    for name in args.only:
        began, codebook = time.time(), load_codebook(name)
        examples = shipped_examples(codebook)
        if not examples:
            return f"codebook {name}: no examples. Next: add annotations/examples/{name}.jsonl."
        model = fit_model(codebook, examples, load_encoder(), network=network_for(codebook))
        size = sum(file.stat().st_size for file in save_model(model, args.out / name)) / 2**20
        print(f"{args.out / name}: {len(examples)} examples, {size:.1f} MiB, {time.time() - began:.0f} s", flush=True)
    return None


if __name__ == "__main__":
    sys.exit(main())
