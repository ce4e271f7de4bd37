"""Where the program starts: Ctrl-C ends it quietly from here on, also while the command line is being imported."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; it is imported here, for that takes a moment in which someone may stop it."""
    try:
        from pipeline.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        from pipeline.errors import INTERRUPTED, STOPPED

        print(f"duiding: {STOPPED}", file=sys.stderr)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
