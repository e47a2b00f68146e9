"""Cuts pathological pages to a size that parses in bounded time; see `leadgen.model.bounds`."""

from __future__ import annotations

from leadgen.model.bounds import MAX_DEPTH, MAX_HTML, MAX_TAG, bounded

__all__ = ["MAX_DEPTH", "MAX_HTML", "MAX_TAG", "bounded"]
