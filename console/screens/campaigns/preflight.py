"""What would stop a campaign or its mail, before it is started. Computed from what the console already knows.

The backend checks all of this again when it matters; this list only saves the operator a surprise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from console.format import plain
from console.live import feeds
from console.live.health import Freshness
from console.screens.campaigns.choices import Choices, City
from console.screens.signing_in import is_dry_run, no_mailbox, sign_in
from console.screens.view import View

GOOD, WARN, STOP = "good", "warn", "bad"
_SIGNS = {GOOD: "✓", WARN: "!", STOP: "✗"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Args:
        verdict: `GOOD`, `WARN` (it will wait) or `STOP` (nothing will come of it until it is mended).
        text: what was found and what to do.
    """

    verdict: str
    text: str

    @property
    def sign(self) -> str:
        """Tells the verdict without colour."""
        return _SIGNS[self.verdict]


def preflight(view: View, city: City | None, choices: Choices | None = None) -> list[Check]:
    """All checks, the worst first.

    Args:
        view: everything known.
        city: the city in the form, if it is one that is offered.
        choices: what can be chosen; `None` while that is not known.
    """
    order = [STOP, WARN, GOOD]
    return sorted((*_offered(choices), *_checks(view, city)), key=lambda check: order.index(check.verdict))


def _offered(choices: Choices | None) -> Iterator[Check]:
    if choices is None:
        return
    if not choices.cities:
        yield Check(STOP, "No source offers a city: `leadgen sources list` tells why.")
    if not choices.templates:
        yield Check(STOP, "No template yet: 6 Templates, n begins one, s saves three to start with.")


def _checks(view: View, city: City | None) -> Iterator[Check]:
    state, _ = view.freshness
    if state not in {Freshness.LIVE, Freshness.PAUSED}:
        yield Check(WARN, "The data below is not current.")
    if view.user is not None and view.user.role not in {"operator", "admin"}:
        yield Check(STOP, f"Your role ({plain(view.user.role, 20) or 'none'}) may not start campaigns.")
    if city is not None and not city.acknowledged:
        yield Check(STOP, "Nobody acknowledged the terms of this city's source: nothing will be harvested.")
    yield from _mailbox(view)
    settings = view.settings
    if settings is None:
        yield Check(WARN, "The configuration is not known yet.")
        return
    yield from _configuration(settings)
    yield _hours(settings, city, view.now)


def _mailbox(view: View) -> Iterator[Check]:
    if not view.window(feeds.MAILBOXES).loaded:
        return
    boxes = view.mailboxes
    if not boxes:
        if not is_dry_run(view):
            yield Check(STOP, f"{no_mailbox(view)}. Until then mail waits.")
    elif not boxes[0].is_usable:
        yield Check(STOP, f"{plain(boxes[0].account, 60)} must sign in again: run `{sign_in(boxes[0].provider)}`.")
    elif boxes[0].paused:
        yield Check(WARN, f"{plain(boxes[0].account, 60)} is paused: mail will wait. Run `leadgen mailbox resume`.")
    else:
        yield Check(GOOD, f"Mailbox {plain(boxes[0].account, 60)}")


def _configuration(settings: Any) -> Iterator[Check]:
    if settings.postal_address.strip():
        yield Check(GOOD, "Postal address")
    else:
        yield Check(STOP, "No postal address in the configuration: the law forbids sending without one.")
    if settings.sending_paused:
        yield Check(WARN, "Sending is paused in the configuration: mail will wait.")
    if settings.daily_cap == 0:
        yield Check(WARN, "The daily cap is 0: mail will wait.")
    if settings.email_provider == "outbox":
        yield Check(WARN, "The provider is the outbox: mail is written down, not sent.")
    if settings.llm_transaction_limit == 0:
        yield Check(WARN, "Model calls are paused: leads wait for enrichment.")


def _hours(settings: Any, city: City | None, now: datetime) -> Check:
    hours = settings.working_hours
    span = f"{hours.start}–{hours.end}"
    if city is None or not city.timezone:
        return Check(GOOD, f"Mail leaves {span}, the lead's time")
    zone = plain(city.timezone, 40)
    if settings.active_timezones and city.timezone not in settings.active_timezones:
        return Check(STOP, f"{zone} is not among the active timezones: its mail will wait.")
    try:
        local = now.astimezone(ZoneInfo(city.timezone))
    except (KeyError, ValueError, OSError):
        return Check(WARN, f"{zone} is not a timezone this machine knows.")
    if local.weekday() in hours.days and hours.start <= local.strftime("%H:%M") < hours.end:
        return Check(GOOD, f"Within {span}: {local:%a %H:%M} there")
    return Check(WARN, f"Outside {span}: {local:%a %H:%M} there. Mail will wait.")
