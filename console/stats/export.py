"""The charts as files."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

from console.live.session import BackendError
from console.stats.figures import Stats, charts
from console.stats.picture import to_svg


def export(stats: Stats, path: Path, zone: tzinfo | None = None) -> str:
    """Write all charts; for a name that ends in ``.png`` both a PNG and the SVG it was drawn from.

    Args:
        stats: what to draw.
        path: the file, ``.svg`` or ``.png``.
        zone: whose time the title tells.

    Returns:
        What was written, in words: where no browser can draw a PNG, that the SVG alone was.

    Raises:
        BackendError: the file can't be written.
    """
    local = stats.now.astimezone(zone)
    svg = path.with_suffix(".svg")
    try:
        svg.parent.mkdir(parents=True, exist_ok=True)
        svg.write_text(to_svg(charts(stats), f"leadgen · {local:%Y-%m-%d %H:%M %Z}"), encoding="utf-8")
    except OSError as error:
        raise BackendError("The charts could not be written", f"{svg}: {error.strerror or error}") from None
    if path.suffix.lower() != ".png":
        return str(svg)
    from console.picture import to_png

    try:
        return f"{to_png(svg)} and {svg.name}"
    except BackendError as error:
        return f"{svg} only. {error.title}: {error.hint or error.detail}"
