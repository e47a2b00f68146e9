"""Files that hold personal data: where they are, and that nobody but their owner reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from leadgen.model.ids import digest


def write_private(path: Path, lines: Iterator[str]) -> int:
    """Write lines to a file that only its owner can read, all or none; how many there were."""
    first = next(lines, None)
    if first is None:
        return 0
    temporary = path.with_name(f".{path.name}.part")
    temporary.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    number = 1
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(first)
        for line in lines:
            file.write(line)
            number += 1
    os.replace(temporary, path)
    return number


def journal_path(project: str, emulator: str, run: str) -> Path:
    """Where a run keeps its journal; `LEADGEN_CONFIG_DIR` moves it."""
    folder = os.environ.get("LEADGEN_CONFIG_DIR")
    if folder:
        base = Path(folder)
    else:
        import platformdirs

        base = platformdirs.user_state_path("leadgen")
    return base / "migrations" / f"{digest('journal', project, emulator)[:8]}-{run}.sqlite3"
