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
        "text-muted": "#8b99ab",
        "text-disabled": "#8b99ab",
        "text-success": "#86c28b",
        "text-warning": "#e3b75e",
        "text-error": "#ec7f7f",
        "text-accent": "#6cb6c9",
        "line": "#3a4656",
        "cursor-row": "#1b3145",
        "changed-row": "#1b2c34",
        "frame": "#2c3745",
        "scrollbar": "#2c3745",
        "scrollbar-background": "#10151c",
        "scrollbar-hover": "#3a4656",
        "scrollbar-active": "#6cb6c9",
    },
)

LIGHT = Theme(
    name="leadgen-light",
    primary="#1d6a80",
    secondary="#46658c",
    accent="#1d6a80",
    foreground="#1f2933",
    background="#f7f8f6",
    surface="#ffffff",
    panel="#e9edef",
    success="#2b7038",
    warning="#855a00",
    error="#b3342f",
    dark=False,
    variables={
        "text-muted": "#596673",
        "text-disabled": "#596673",
        "text-success": "#2b7038",
        "text-warning": "#855a00",
        "text-error": "#b3342f",
        "text-accent": "#1d6a80",
        "line": "#b9c3cc",
        "cursor-row": "#d9eaf1",
        "changed-row": "#e3f0ec",
        "frame": "#c6cfd6",
        "scrollbar": "#c6cfd6",
        "scrollbar-background": "#f7f8f6",
        "scrollbar-hover": "#a9b5bf",
        "scrollbar-active": "#1d6a80",
    },
)

CONTRAST = Theme(
    name="leadgen-contrast",
    primary="#ffff66",
    secondary="#9ad7ff",
    accent="#ffff66",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    success="#66ff66",
    warning="#ffd24d",
    error="#ffa2a2",
    dark=True,
    variables={
        "text-muted": "#d0d0d0",
        "text-disabled": "#d0d0d0",
        "text-success": "#66ff66",
        "text-warning": "#ffd24d",
        "text-error": "#ffa2a2",
        "text-accent": "#ffff66",
        "input-selection-background": "#002a63",
        "line": "#b0b0b0",
        "cursor-row": "#002a63",
        "changed-row": "#1c2b1c",
        "frame": "#c0c0c0",
        "scrollbar": "#c0c0c0",
        "scrollbar-background": "#000000",
        "scrollbar-hover": "#ffffff",
        "scrollbar-active": "#ffff66",
    },
)

COLOUR_BLIND = Theme(
    # Okabe and Ito's palette: blue, orange and yellow stay apart for all common kinds of colour blindness.
    name="leadgen-colour-blind",
    primary="#56b4e9",
    secondary="#cc79a7",
    accent="#56b4e9",
    foreground="#e4e6ea",
    background="#12141a",
    surface="#181b22",
    panel="#20242d",
    success="#56b4e9",
    warning="#f0e442",
    error="#e69f00",
    dark=True,
    variables={
        "text-muted": "#a0a7b3",
        "text-disabled": "#a0a7b3",
        "text-success": "#56b4e9",
        "text-warning": "#f0e442",
        "text-error": "#e69f00",
        "text-accent": "#8fd0ff",
        "line": "#434956",
        "cursor-row": "#1a3850",
        "changed-row": "#23323f",
        "frame": "#3a404c",
        "scrollbar": "#3a404c",
        "scrollbar-background": "#12141a",
        "scrollbar-hover": "#555d6c",
        "scrollbar-active": "#56b4e9",
    },
)

THEMES = (DARK, LIGHT, CONTRAST, COLOUR_BLIND)


def theme_named(name: str) -> Theme:
    """The theme of that name, with or without ``leadgen-``; the dark one if there is none."""
    return next((t for t in THEMES if name in {t.name, t.name.removeprefix("leadgen-")}), DARK)


def next_theme(name: str) -> Theme:
    """The theme after that one, around."""
    names = [t.name for t in THEMES]
    return THEMES[(names.index(name) + 1) % len(THEMES) if name in names else 0]
