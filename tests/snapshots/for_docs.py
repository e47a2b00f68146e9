"""The documentation shows the pictures that the tests compare: `python -m tests.snapshots.for_docs` copies them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
SHOWN = {
    "dashboard": "dashboard-full",
    "campaigns": "campaigns-filled",
    "review": "review-proposed",
    "email": "email",
    "contacts": "contacts-history",
    "templates": "templates",
    "config": "config-changed",
    "backend": "backend-down",
    "plots": "plots-week",
}
"""Name of the picture in the documentation, and of the scene it shows."""


def accepted(scene: str, size: str = "120x36") -> Path:
    """The picture of a scene as it was accepted."""
    return Path(__file__).parent / "__snapshots__" / "test_snapshots" / f"test_looks_as_accepted[{scene}-{size}].svg"


def main() -> None:
    """Copy them."""
    IMAGES.mkdir(exist_ok=True)
    for name, scene in SHOWN.items():
        (IMAGES / f"{name}.svg").write_bytes(accepted(scene).read_bytes())


if __name__ == "__main__":
    main()
