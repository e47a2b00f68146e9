"""Where the browser keeps an operator's cookies and consents, apart from their own browser and from other operators."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import sys
from pathlib import Path


def browser_profile(project_id: str, uid: str) -> Path:
    """The folder of an operator's browser profile in a project; `LEADGEN_CONFIG_DIR` moves it.

    Args:
        project_id: the Firebase project.
        uid: the operator.
    """
    name = hashlib.sha256(f"{project_id}\x1f{uid}".encode()).hexdigest()[:16]
    folder = os.environ.get("LEADGEN_CONFIG_DIR")
    if folder:
        return Path(folder) / "browser" / name
    import platformdirs

    return platformdirs.user_data_path("leadgen") / "browser" / name


class EndRecord:
    """Tells whether the browser on a profile was closed or died.

    A browser that is closed takes its lock away (a link named after its process; not on Windows) and writes into its
    preferences that all went well. One that dies does neither.

    Args:
        profile: the profile's folder; made while the browser runs.
    """

    def __init__(self, profile: Path) -> None:
        self._lock = profile / "SingletonLock"
        self._preferences = profile / "Default" / "Preferences"
        self._process = self._named()
        self._before = self._written()

    def was_closed(self) -> bool | None:
        """Whether it was; `None` if that can't be told yet, because it is still ending."""
        if self._process and not self._lock.is_symlink():
            return True
        if self._process and not self.is_running():
            return False
        return True if self._written() != self._before and self._says_normal() else None

    def is_gone(self) -> bool:
        """Whether the browser's process is known to have ended."""
        return bool(self._process) and not self.is_running()

    def is_running(self) -> bool:
        """Whether the browser's process is still there, as far as can be told."""
        if not self._process:
            return False
        try:
            os.kill(self._process, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True

    def kill(self) -> None:
        """End a browser that no longer does as it is told."""
        if self._process:
            with contextlib.suppress(OSError):
                os.kill(self._process, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    def _named(self) -> int:
        """The process that the lock names; 0 if there is none."""
        try:
            return int(os.readlink(self._lock).rpartition("-")[2])
        except (OSError, ValueError):
            return 0

    def _says_normal(self) -> bool:
        try:
            content = json.loads(self._preferences.read_text(encoding="utf-8"))
            return bool(content["profile"]["exit_type"] == "Normal")
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def _written(self) -> int:
        try:
            return self._preferences.stat().st_mtime_ns
        except OSError:
            return 0
