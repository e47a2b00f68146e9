"""The headless twin: whatever the console does, `leadgen …` on the command line does too."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `leadgen` command."""
    from console.quick import main as run

    run()
