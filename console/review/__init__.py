"""The operator's browser beside the console: it opens contact pages, and says which addresses come to be seen there.

It solves nothing and hides nothing: a person works in a visible window, the browser says of itself that it is driven,
and only what that person sees is read.
"""

from __future__ import annotations

from console.review.companion import Companion
from console.review.events import (
    AddressSeen,
    BrowserCrashed,
    BrowserMissing,
    Event,
    Lead,
    NoDisplay,
    PageClosed,
    PageOpened,
    PostRemoved,
    SiteDown,
)
from console.review.profile import browser_profile

__all__ = [
    "AddressSeen",
    "BrowserCrashed",
    "BrowserMissing",
    "Companion",
    "Event",
    "Lead",
    "NoDisplay",
    "PageClosed",
    "PageOpened",
    "PostRemoved",
    "SiteDown",
    "browser_profile",
]
