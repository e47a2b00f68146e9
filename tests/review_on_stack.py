"""Tests of the review on a running local stack; a file of tests that has one imports them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.app import LeadgenApp
from console.cli.demo import setting_up
from console.client.session import Session
from console.review import Companion, Event
from console.screens.review.hand import PageState
from console.screens.review.outbox import State
from local.classifieds.truth import truth
from local.setup.browser import find_browser
from local.stack import StackInfo
from tests.person import hands, solve_as_a_person

PATIENCE_S = 120.0
LEADS = 3
"""Among the first so many of the city one is behind a CAPTCHA."""


class OperatorsConsole(LeadgenApp):
    """The console with a browser that has no window."""

    profile = Path()
    companion: Companion | None = None

    def make_browser(self, on_event: Callable[[Event], None]) -> Companion:
        """The operator's browser."""
        self.companion = Companion(on_event, self.profile, headless=True)
        return self.companion


@pytest.mark.skipif(find_browser() is None, reason="no Chrome or Chromium is installed")
class TestReview:
    @pytest.fixture
    def mails_leave(
        self, people: Callable[[str], Session], operator: Session, local_stack: StackInfo
    ) -> Iterator[None]:
        """A mailbox is signed in, and mails leave at any hour."""
        admin = people("admin")
        before = admin.call("getConfig")
        setting_up.sign_mailbox_in(operator, local_stack)
        setting_up.configure(admin)
        yield
        admin.call("updateConfig", {name: before[name] for name in setting_up.SETTINGS})

    async def test_from_enter_on_the_screen_to_one_mail_in_the_mailbox(
        self, mails_leave: None, operator: Session, local_stack: StackInfo, tmp_path: Path
    ) -> None:
        body = {"city": "austin", "templateId": 1, "numLeads": LEADS}
        campaign = operator.call("triggerHarvest", body, idempotency_key=str(uuid.uuid4()))["requestId"]
        app = OperatorsConsole(lambda: operator)
        app.profile = tmp_path / "browser"
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.press("3")
            screen: Any = app.screen
            await until(lambda: any(doc.value.request_id == campaign for doc in screen.desk.docs))
            lead = next(doc for doc in screen.desk.docs if doc.value.request_id == campaign)
            address = captcha_address(lead.value.source_url)
            for _ in screen.desk.docs:
                if screen.chosen.id != lead.id:
                    await pilot.press("j")
            await pilot.press("enter")
            await until(lambda: screen.desk.hand and screen.desk.hand.page is PageState.OPEN)
            await until(lambda: screen.desk.hand.is_claimed)
            assert app.companion is not None
            await asyncio.to_thread(hands, app.companion, solve_as_a_person(local_stack.classifieds_url))
            await until(lambda: screen.desk.hand.address == address)
            await until(lambda: screen.desk.hand.is_settled(app.clock.monotonic()))
            await pilot.press("enter")
            (report,) = (call for call in screen.desk.delivery.outbox.calls if call.is_report)
            await until(lambda: not report.is_open)
            assert (report.state, report.status, report.lead) == (State.DONE, "PROCESSED", lead.id), report
        queued = operator.call("resolveCaptcha", report.body)
        mail = operator.firestore().collection("emailQueue").document(queued["emailId"])
        await until(lambda: (mail.get().to_dict() or {})["status"] == "SENT", pause_s=0.5)
        assert operator.call("resolveCaptcha", report.body) == queued, "the report that arrives late is answered alike"
        received = [to for delivery in setting_up.deliveries(local_stack) for to in recipients(delivery)]
        assert received.count(address) == 1


async def until(holds: Callable[[], Any], pause_s: float = 0.02) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(pause_s)


def captcha_address(post_url: str) -> str:
    """What a person finds behind the CAPTCHA of a post of the demo site."""
    (post,) = [post for post in truth().posts if post_url.endswith(post.path)]
    assert post.route == "CAPTCHA"
    return post.captcha_email


def recipients(delivery: dict[str, Any]) -> list[str]:
    """To whom the stand-in delivered a mail."""
    return [str(to) for to in delivery["to"]]
