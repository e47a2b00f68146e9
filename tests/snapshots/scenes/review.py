"""Pictures of the review screen, over a stand-in of the browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from console.live import feeds
from console.live.session import BackendError
from console.review import (
    AddressSeen,
    BrowserCrashed,
    Event,
    Lead,
    NoDisplay,
    PageClosed,
    PageOpened,
    PostRemoved,
    SiteDown,
)
from tests.snapshots import recorded
from tests.snapshots.scenes.scene import Scene, settled, typed

RELAYS = ["relay.ads.example"]
_BODY = (
    "Free estimates for storm damage, shingle and metal roofs.\n"
    "Family business since 1998, licensed and insured. Call or text 512.555.0130 any day but Sunday, or leave a "
    "message [b]here[/b].\nNo job too small. \x1b[31mSe habla español."
)


class FakeBrowser:
    """A browser that opens nothing and says what it is told to say."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self.say = on_event
        self.opened: list[Lead] = []
        self.prepared: list[Lead] = []
        self.closed = False

    def open(self, lead: Lead) -> None:
        """Noted."""
        self.opened.append(lead)

    def prepare(self, lead: Lead) -> None:
        """Noted."""
        self.prepared.append(lead)

    def close(self) -> None:
        """Noted."""
        self.closed = True


def lead(number: int, **more: Any) -> dict[str, Any]:
    """A lead that waits."""
    made = recorded.contact(number)
    made["leadDataJson"] = {
        "title": f"Roof repair, honest prices ({number})",
        "body": _BODY,
        "contactUrl": f"https://ads.example/austin/{number}/contact",
        "phones": [made["phone"]] if made["phone"] else [],
    }
    made |= {"sourceUrl": f"https://ads.example/austin/{number}.html", "sourceId": "ads", "attempts": 0}
    return {**made, **more}


def held(by: str, epoch: int = 3, **left: float) -> dict[str, Any]:
    """A lead's review while an operator has it."""
    until = recorded.NOW + timedelta(**(left or {"minutes": 6, "seconds": 12}))
    return {"leaseOwner": f"u-{by}", "leaseName": f"{by}@example.com", "leaseUntil": until, "epoch": epoch}


def _origin(text: str, extractor: str) -> dict[str, Any]:
    return {"snippet": text, "extractor": extractor, "at": recorded.NOW, "sourceUrl": "https://ads.example/"}


def leads(count: int = 9) -> list[dict[str, Any]]:
    """Leads that wait, the oldest last; one tried before, one with another operator, one without a phone."""
    made = [lead(number) for number in range(count)]
    for number, more in {
        1: {"attempts": 1},
        2: {"review": held("bob")},
        count - 1: {
            "phone": "+15125550130",
            "possibleDuplicates": [
                {"contactId": "contact0003", "reason": "the same picture", "sourceUrl": "", "at": recorded.NOW}
            ],
            "provenance": {
                "phone": _origin("Call or text 512.555.0130", "phones/3"),
                "businessName": _origin("Hill Country Roofing", "rules/2"),
            },
        },
    }.items():
        if number < count:
            made[number] |= more
    return made


class Reviewing:
    """An app in which leads wait, its stand-ins, and the browser it makes.

    Args:
        waiting: the leads.
        theme: the colours.
        health: how fresh the data is.
        role: the person's.
        answers: what endpoints answer in place of the usual.
    """

    def __init__(
        self,
        waiting: list[dict[str, Any]] | None = None,
        *,
        theme: str = "leadgen-dark",
        health: Any = None,
        role: str = "operator",
        **answers: Any,
    ) -> None:
        self.leads = leads() if waiting is None else waiting
        self.epochs: dict[str, int] = {}
        given = {
            "claimCaptcha": self.claim,
            "resolveCaptcha": self.resolve,
            "releaseCaptcha": {"changed": True, "message": "The lead is given back."},
            "undoCaptcha": {"status": "PENDING_CAPTCHA", "changed": True, "message": "The report is taken back."},
            **answers,
        }
        session = recorded.FakeSession(role=role, answers=given)
        windows = {**recorded.FULL, feeds.REVIEW: self.leads}
        self.app, self.world = recorded.recorded_app(windows, health, session=session, theme=theme)
        self.browsers: list[FakeBrowser] = []
        self.app.make_browser = self._make_browser

    def _make_browser(self, on_event: Callable[[Event], None]) -> FakeBrowser:
        self.browsers.append(FakeBrowser(on_event))
        return self.browsers[-1]

    @property
    def browser(self) -> FakeBrowser:
        """The browser."""
        return self.browsers[-1]

    def claim(self, body: dict[str, Any]) -> dict[str, Any]:
        """The backend gives a lead, or prolongs its claim."""
        name = body["leadId"]
        found = next(one for one in self.leads if one["id"] == name)
        epoch = body.get("epoch") or self.epochs.get(name, 0) + 1
        self.epochs[name] = epoch
        until = self.world.clock.now() + timedelta(minutes=10)
        return {
            "leadId": name,
            "epoch": epoch,
            "leaseUntil": until.isoformat(),
            "contactUrl": found["leadDataJson"]["contactUrl"],
            "sourceUrl": found["sourceUrl"],
            "relayDomains": RELAYS,
            "attempts": found["attempts"],
            "maxAttempts": 3,
        }

    def resolve(self, body: dict[str, Any]) -> dict[str, Any]:
        """The backend takes a report."""
        good = body["captchaSuccess"]
        status = "PROCESSED" if good else "PENDING_CAPTCHA"
        return {"status": status, "emailId": "m1" if good else "", "attempts": 0 if good else 1, "epoch": body["epoch"]}

    def calls(self, endpoint: str) -> list[tuple[Any, str | None]]:
        """What an endpoint was asked, with the keys."""
        return [(body, key) for name, body, key in self.world.session.calls if name == endpoint]


def opened(which: Lead) -> PageOpened:
    """Its page is there."""
    return PageOpened(which.id, which.contact_url, "Contact the advertiser", 200)


def seen(which: Lead, address: str, *, appeared: bool = True, kind: str = "mailto") -> AddressSeen:
    """An address is there."""
    return AddressSeen(which.id, address, f"Write to {address} or call before noon", kind, appeared, which.contact_url)


Step = Callable[[Lead], Event] | str


def scene(name: str, *steps: Step, keys: tuple[str, ...] = ("enter",), after: float = 0.0, **more: Any) -> Scene:
    """A picture of what comes of keys, then of events of the browser and further keys."""
    made: list[Reviewing] = []

    def make() -> Any:
        made.append(Reviewing(**more))
        return made[-1].app

    async def play(pilot: Any) -> None:
        await typed("3")(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
        for step in steps:
            if isinstance(step, str):
                made[-1].world.clock.advance(1)
                await pilot.press(step)
            else:
                made[-1].browser.say(step(made[-1].browser.opened[-1]))
            await settled(pilot)
        made[-1].world.clock.advance(after)
        await settled(pilot)

    return Scene(name, make, play)


def _lost(waiting: Any = None) -> Scene:
    def claim(body: dict[str, Any]) -> Any:
        if "epoch" in body:
            raise BackendError(
                "Conflict", "Lead is with bob@example.com until 2026-11-18 20:19:40 UTC.", "Take the next.", status=409
            )
        return made[-1].claim(body)

    made: list[Reviewing] = []

    def make() -> Any:
        made.append(Reviewing(claimCaptcha=claim))
        return made[-1].app

    async def play(pilot: Any) -> None:
        await typed("3", "enter")(pilot)
        browser = made[-1].browser
        browser.say(opened(browser.opened[-1]))
        browser.say(seen(browser.opened[-1], "dana@hillcountryroofing.com"))
        await settled(pilot)
        made[-1].world.clock.advance(400)
        await settled(pilot)

    return Scene("review-lost", make, play)


DANA = "dana@hillcountryroofing.com"
_DOWN = BackendError("The backend does not answer", "resolveCaptcha: ConnectError", "Check the network.", status=0)

SCENES: tuple[Scene, ...] = (
    scene("review", keys=()),
    scene("review-light", keys=(), theme="leadgen-light"),
    scene("review-empty", keys=(), waiting=[]),
    scene("review-held", keys=("down",), waiting=leads(4)),
    scene("review-opening"),
    scene("review-open", opened, lambda one: seen(one, "desk@ads.example.com", appeared=False)),
    scene("review-proposed", opened, lambda one: seen(one, DANA)),
    scene("review-proposed-light", opened, lambda one: seen(one, DANA), theme="leadgen-light"),
    scene("review-editing", opened, lambda one: seen(one, DANA), "e"),
    scene("review-next", opened, lambda one: seen(one, DANA), "enter"),
    scene("review-down", lambda one: SiteDown(one.id, 503, "The site answers with an error (503).")),
    scene("review-removed", lambda one: PostRemoved(one.id, 410, "The post was removed.")),
    scene("review-closed", opened, lambda one: PageClosed(one.id)),
    scene("review-crashed", opened, lambda one: BrowserCrashed(one.id, "The browser ended unexpectedly.")),
    scene("review-no-display", lambda one: NoDisplay(one.id, one.contact_url, "This session has no display.")),
    scene("review-not-delivered", opened, lambda one: seen(one, DANA), "enter", resolveCaptcha=_DOWN),
    scene("review-give-up", opened, "f", waiting=[lead(0, attempts=2)]),
    scene("review-offline", keys=(), health=recorded.offline_health()),
    _lost(),
)
