"""`leadgen migrate` as a process that can be killed, for `benchmarks/migrate.py`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:] = [folder for folder in sys.path if Path(folder).name != "benchmarks"]  # there `migrate` is a benchmark

from console.cli.app import app  # noqa: E402

app(["migrate", "--contacts", sys.argv[1], "--rejects-to", sys.argv[2], "--yes"])
