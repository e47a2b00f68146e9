"""The console that `benchmarks.review` looks at: the program itself, leads that wait, and a browser without a window.

Its backend is the endpoints' own work on documents in memory, so that what is measured is the browser and the screen.
The other end of the connection it is given works in the browser's page as a person does, and asks when an address had
come to this process. Run as `python -m benchmarks.review_console PORT PROFILE SITE LEADS`.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Client, Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from console.app import LeadgenApp
from console.live import feeds
from console.live.feed import Doc
from console.live.health import FeedHealth, FeedState, Health, LinkState
from console.live.session import BackendError, UserInfo
from console.live.store import LiveStore
from console.review import AddressSeen, Companion, Event
from leadgen.api import review
from leadgen.model.errors import LeadgenError
from leadgen.model.status import ContactStatus
from local.classifieds.truth import truth
from tests.memory_firestore import MemoryFirestore
from tests.person import hands, solve_as_a_person
from tests.reviewers import OPERATORS, Desk, lead_id

ME = OPERATORS["ann"]
_NOTES_WHEN_SHOWN = """() => {
    const look = () => {
        if (document.querySelector("#contact-address")) window.shownAt = Date.now(); else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
_PUT = """(address) => new Promise(done => {
    const p = document.createElement("p");
    p.textContent = "Write to " + address;
    document.body.append(p);
    requestAnimationFrame(() => done(Date.now()));
})"""


def gated() -> list[Any]:
    """Posts whose advertiser's own address is behind a CAPTCHA, each address once."""
    found = [post for post in truth().posts if post.route == "CAPTCHA" and post.fetch == "ok"]
    return list({post.captcha_email: post for post in found if "@reply." not in post.captcha_email}.values())


class Backend:
    """The endpoints' own work, and the list of leads as it changes by them.

    Args:
        site: base address of the demo site.
        leads: how many wait.
    """

    user = UserInfo(ME.email, "operator", ME.uid)
    project_label, backend_label = "demo-review", "in memory"

    def __init__(self, site: str, leads: int) -> None:
        self.store = LiveStore()
        self._desk, self._leads = Desk(MemoryFirestore(), leads), leads
        self._desk.clock.moment = datetime.now(UTC)
        posts = gated()
        for number in range(leads):
            page = site + posts[number % len(posts)].path.replace(".html", "/contact")
            self._desk.rooms.contacts.document(lead_id(number)).update({"leadDataJson.contactUrl": page})
        vars(review)["Context"] = SimpleNamespace(from_environment=lambda: self._desk.worker)
        self._publish()

    def call(self, endpoint: str, body: Any, *, idempotency_key: str | None = None, revision: Any = None) -> Any:
        """Call an endpoint."""
        try:
            return self._desk.call("ann", endpoint, idempotency_key or "", **body)
        except LeadgenError as error:
            raise BackendError(error.title, error.detail, error.hint, status=error.status) from None
        finally:
            self._publish()

    def firestore(self) -> Any:
        """Not there: the operator's statistics stay unread."""
        raise NotImplementedError

    def look(self) -> Any:
        """Not there: nobody looks at the functions."""
        raise NotImplementedError

    def _publish(self) -> None:
        docs = [(lead_id(number), self._desk.lead(number)) for number in range(self._leads)]
        waiting = [Doc(i, lead, lead.last_updated) for i, lead in docs if lead.status is ContactStatus.PENDING_CAPTCHA]
        self.store.replace(feeds.REVIEW, waiting)

    # -- as live data

    @property
    def health(self) -> Health:
        """All is as it should be."""
        feed = FeedHealth(FeedState.LIVE, time.monotonic())
        return Health(LinkState.ONLINE, {one.name: feed for one in feeds.console_feeds()})

    def start(self) -> None:
        """Nothing to be done."""

    def stop(self) -> None:
        """Nothing to be done."""

    def reconnect(self) -> None:
        """Nothing to be done."""


class Console(LeadgenApp):
    """The console, noting when the browser told of an address."""

    def __init__(self, backend: Backend, profile: Path) -> None:
        super().__init__(lambda: backend, make_live=lambda _session, _clock: backend)
        self._profile = profile
        self.came: dict[tuple[str, str], float] = {}
        """When an address of a lead came to this process, in ms since 1970."""
        self.companion: Companion | None = None

    def make_browser(self, on_event: Callable[[Event], None]) -> Companion:
        """The browser, without a window."""

        def noted(event: Event) -> None:
            if isinstance(event, AddressSeen):
                self.came.setdefault((event.lead, event.address), time.time() * 1000)
            on_event(event)

        self.companion = Companion(noted, self._profile, headless=True)
        return self.companion


def person(console: Console, wishes: Connection, site: str) -> None:
    """Carry out what the other end wishes, and answer when the address stood in the page, in ms since 1970."""

    async def solve(page: Any) -> float:
        await page.add_init_script(f"({_NOTES_WHEN_SHOWN})()")
        await solve_as_a_person(site)(page)
        shown = await page.wait_for_function("window.shownAt")
        return float(await shown.json_value())

    def put(address: str) -> Callable[[Any], Any]:
        async def act(page: Any) -> float:
            await page.keyboard.press("Tab")
            return float(await page.evaluate(_PUT, address))

        return act

    while True:
        wish, address = wishes.recv()
        companion, hand = console.companion, console.screen.desk.hand  # type: ignore[attr-defined]
        if wish == "came":
            wishes.send(console.came.get((hand.lead, address)) if hand is not None else None)
        elif companion is not None:
            act = solve if wish == "solve" else put(address)
            wishes.send(hands(companion, act))


def main() -> None:
    """Run the console."""
    port, profile, site, leads = sys.argv[1:]
    console = Console(Backend(site, int(leads)), Path(profile))
    wishes = Client(("127.0.0.1", int(port)))
    threading.Thread(target=person, args=(console, wishes, site), daemon=True).start()
    console.run()


if __name__ == "__main__":
    main()
