"""Writes the list of the functions that main.py in the working folder declares.

    python -P manifest.py FILE

It comes from the package's own serving module, which firebase-tools asks as well. JSON is YAML too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def write(file: str) -> None:
    """Write the list to `file`. Whatever main.py raises while it is imported goes through."""
    import yaml  # type: ignore[import-untyped]
    from firebase_functions.private import serving

    found = yaml.safe_load(serving.functions_as_yaml(serving.get_functions()))
    Path(file).write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1])
