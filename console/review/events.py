"""What the browser is given and what it says. Any event may come twice; each names the lead it is about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lead:
    """A lead whose contact page is to be opened.

    Args:
        id: the contact's id.
        contact_url: the page behind the CAPTCHA.
        relay_domains: domains of the site's own relay; their addresses are seen as ``relay``.
    """

    id: str
    contact_url: str
    relay_domains: tuple[str, ...] = ()


@dataclass(frozen=True)
class PageOpened:
    """A page of the lead is shown.

    Args:
        lead: id of the lead.
        url: where it is now, after redirects.
        title: of the page.
        status: what the site answered; a challenge may well come with 403 or 429.
    """

    lead: str
    url: str
    title: str
    status: int | None


@dataclass(frozen=True)
class AddressSeen:
    """An address that a person can read in the page, each once per lead.

    Args:
        lead: id of the lead.
        address: canonical.
        where: the text around it.
        kind: how it is written (``mailto``, ``text``, ``obfuscated`` …), ``relay`` for one of the site's relay, or
            ``copied`` or ``clipboard`` for one that the person or the page copied.
        appeared: whether it came after the person had begun to work in the page; those that were there before are
            often the site's own. What an earlier lead left in the clipboard was there before.
        url: the page, or the frame in it.
    """

    lead: str
    address: str
    where: str
    kind: str
    appeared: bool
    url: str


@dataclass(frozen=True)
class PageClosed:
    """The person closed the lead's page, or the whole browser. Opening the lead again opens another one."""

    lead: str


@dataclass(frozen=True)
class BrowserCrashed:
    """The browser, or the process of the lead's page, ended by itself, or did not start.

    Args:
        lead: the lead that was open, or "".
        reason: what is known.
    """

    lead: str
    reason: str


@dataclass(frozen=True)
class SiteDown:
    """The page can't be had at present.

    Args:
        lead: id of the lead.
        status: what the site answered, `None` if nothing.
        reason: in words.
    """

    lead: str
    status: int | None
    reason: str


@dataclass(frozen=True)
class PostRemoved:
    """The post is gone.

    Args:
        lead: id of the lead.
        status: 404, 410, or that of a page that says so.
        reason: in words; the page's own where it has some.
    """

    lead: str
    status: int | None
    reason: str


@dataclass(frozen=True)
class NoDisplay:
    """There is no screen for a window, as over SSH: show the page's address, and let the person type what they find.

    Args:
        lead: id of the lead.
        url: its contact page.
        reason: what is missing.
    """

    lead: str
    url: str
    reason: str


@dataclass(frozen=True)
class BrowserMissing:
    """No browser was found.

    Args:
        lead: id of the lead.
        url: its contact page.
        reason: what to install.
    """

    lead: str
    url: str
    reason: str


Event = PageOpened | AddressSeen | PageClosed | BrowserCrashed | SiteDown | PostRemoved | NoDisplay | BrowserMissing
