"""Where the copies lie: a file for each project and person, readable by this user of the machine only."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

ENDINGS = ("", "-wal", "-shm", "-journal")
"""What SQLite puts beside the file."""


def folder() -> Path:
    """The folder of all copies; `LEADGEN_CACHE_DIR` moves it."""
    moved = os.environ.get("LEADGEN_CACHE_DIR")
    if moved:
        return Path(moved) / "contacts"
    import platformdirs

    return platformdirs.user_cache_path("leadgen") / "contacts"


def owner(session: Any) -> str:
    """Whose copy it is: profile, project and person. What one may read is of no concern to another."""
    profile = getattr(session, "profile", None)
    project = getattr(profile, "project_id", "") or session.project_label
    return "\x1f".join((getattr(profile, "name", ""), project, session.user.email))


def copy_path(whose: str) -> Path:
    """The file of an owner; its name tells nobody's address."""
    where, _, person = whose.rpartition("\x1f")
    return folder() / f"{_hash(where)}-{_hash(person)}.sqlite"


def copies_of(profile: Any) -> list[Path]:
    """The copies of all persons who used a profile on this machine."""
    return sorted(folder().glob(f"{_hash(chr(0x1F).join((profile.name, profile.project_id)))}-*.sqlite"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_private(path: Path) -> None:
    """Make the folder and an empty file that only this user may read, before anything is written to it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(OSError):
        path.parent.chmod(0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.close(handle)
    with suppress(OSError):
        path.chmod(0o600)


def remove(path: Path) -> bool:
    """Delete a copy with all that belongs to it.

    Returns:
        Whether there was one.

    Raises:
        OSError: it can't be deleted.
    """
    there = path.exists()
    for ending in ENDINGS:
        path.with_name(path.name + ending).unlink(missing_ok=True)
    return there
