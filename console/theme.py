"""The console's colours: calm slate, one accent, and three colours that mean something."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="leadgen-dark",
    primary="#6cb6c9",
    secondary="#8aa4c8",
    accent="#6cb6c9",
    foreground="#d3dae3",
    background="#10151c",
    surface="#151b24",
    panel="#1c2430",
    success="#86c28b",
    warning="#e3b75e",
    error="#ec7f7f",
    dark=True,
    variables={
        "text-muted": "#8593a5",
        "text-success": "#86c28b",
        "text-warning": "#e3b75e",
        "text-error": "#ec7f7f",
        "text-accent": "#6cb6c9",
        "line": "#3a4656",
        "cursor-row": "#24405a",
        "changed-row": "#1d2f38",
        "frame": "#2c3745",
        "scrollbar": "#2c3745",
        "scrollbar-background": "#10151c",
        "scrollbar-hover": "#3a4656",
        "scrollbar-active": "#6cb6c9",
    },
)

LIGHT = Theme(
    name="leadgen-light",
    primary="#1f6f86",
    secondary="#46658c",
    accent="#1f6f86",
    foreground="#1f2933",
    background="#f7f8f6",
    surface="#ffffff",
    panel="#e9edef",
    success="#2f7a3d",
    warning="#8f6100",
    error="#b3342f",
    dark=False,
    variables={
        "text-muted": "#5d6b78",
        "text-success": "#2f7a3d",
        "text-warning": "#8f6100",
        "text-error": "#b3342f",
        "text-accent": "#1f6f86",
        "line": "#b9c3cc",
        "cursor-row": "#cfe4ec",
        "changed-row": "#e3f0ec",
        "frame": "#c6cfd6",
        "scrollbar": "#c6cfd6",
        "scrollbar-background": "#f7f8f6",
        "scrollbar-hover": "#a9b5bf",
        "scrollbar-active": "#1f6f86",
    },
)

THEMES = (DARK, LIGHT)
