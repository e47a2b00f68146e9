"""A console that draws for a browser: started by the server, one for each tab."""

from __future__ import annotations

import sys

from console.quick import wanted


def main() -> None:
    """Run the console that the arguments name."""
    if not wanted(sys.argv[1:]):
        raise SystemExit("usage: python -m console.web.terminal [--profile NAME] [--stack NAME] [--as ROLE]")
    from console.quick import run

    run()


if __name__ == "__main__":
    main()
