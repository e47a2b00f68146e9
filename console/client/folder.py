"""Where the operator's settings are. Light: the console asks before its first paint."""

from __future__ import annotations

import os
from pathlib import Path


def settings_path() -> Path:
    """The settings file; `LEADGEN_CONFIG_DIR` moves its folder."""
    folder = os.environ.get("LEADGEN_CONFIG_DIR")
    if folder:
        return Path(folder) / "settings.toml"
    import platformdirs

    return platformdirs.user_config_path("leadgen") / "settings.toml"
