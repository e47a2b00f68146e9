"""An operator's work on leads behind CAPTCHAs, without widgets: claims, the browser, reports, and going on.

Whatever it needs from outside it is given as `Ports`; what it is told comes back through the methods below, in one
thread. Answers that come late, twice or for a lead that is no longer in hand change nothing, or are put right.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from console.live.feed import Doc
from console.live.session import BackendError
from console.review import Event, Lead, PostRemoved, SiteDown
from console.screens.review.address import problem
from console.screens.review.delivery import Delivery
from console.screens.review.hand import Hand, PageState, told
from console.screens.review.outbox import Sent, State
from console.screens.review.ports import Ports
from console.screens.review.turns import holder, in_turn, name_of, next_free

LONGEST_LEASE_S = 600.0
"""A claim is not shown as longer than the backend gives one: this machine's clock may be slow."""
PROLONG_BELOW_S = 240.0
IDLE_AFTER_S = 600.0
"""A claim is prolonged while the person has done something within this time."""
RETRY_S = 5.0
WINDOW = 60
"""Leads that the feed holds at most; in a full one a lead may be missing for no reason of its own."""


@dataclass(frozen=True)
class Asking:
    """A claim that the backend was asked for.

    Args:
        key: the idempotency key, the same for each try.
        is_going_on: whether it followed on the lead before, so that a refusal leads to the next one.
        retry_at: when it is asked again, in monotonic seconds; `None` while it is being asked.
    """

    key: str
    is_going_on: bool
    retry_at: float | None = None


class Desk:
    """What is in hand, and what was done.

    Args:
        ports: see there.
        clock: monotonic seconds.
        now: the present moment in UTC.
    """

    def __init__(self, ports: Ports, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._ports, self._clock, self._now = ports, clock, now
        self.hand: Hand | None = None
        self.delivery = Delivery(ports, clock, self._decided)
        self.docs: list[Doc] = []
        self.foretold: dict[str, str] = {}
        """What is known of pages that were only prepared: gone, or not to be had."""
        self.me = ""
        self.remark = ""
        """A sentence for when nothing is in hand."""
        self._aside: dict[str, int] = {}
        self._relays: dict[str, tuple[str, ...]] = {}
        self._prepared: Lead | None = None
        self._asking: Asking | None = None
        self._prolonging = False
        self._prolong_at = 0.0
        self._checked: object = None
        self._active_at = clock()

    # -- what is waiting

    def waiting(self, docs: Sequence[Doc], me: str) -> None:
        """The leads that wait, as the feed has them."""
        self.docs, self.me = in_turn(docs), me
        known = {doc.id: doc.value.review for doc in self.docs}
        self._aside = {
            lead: epoch
            for lead, epoch in self._aside.items()
            if lead in known and not _is_given_back(known[lead], epoch)
        }
        self.foretold = {lead: said for lead, said in self.foretold.items() if lead in known}
        self._check_feed()

    def doc(self, lead: str) -> Doc | None:
        """A lead that waits."""
        return next((doc for doc in self.docs if doc.id == lead), None)

    def is_reported(self, lead: str) -> bool:
        """Whether the operator has reported on a lead that the feed still shows as before."""
        return lead in self._aside and self.delivery.has_report(lead)

    def _next(self, after: str) -> Doc | None:
        aside = {*self._aside, *self.delivery.outbox.reported()}
        return next_free(self.docs, after, self._now(), aside, self.me)

    # -- taking a lead

    def active(self) -> None:
        """The person did something."""
        self._active_at = self._clock()

    def take(self, lead: str) -> None:
        """Claim a lead and open its page; one that is in hand is given back."""
        doc = self.doc(lead)
        if doc is None or (self.hand is not None and self.hand.lead == lead and not self.hand.lost):
            return
        self._put_back()
        self._claim(doc, is_going_on=False)

    def _claim(self, doc: Doc, *, is_going_on: bool) -> None:
        lead = doc.value
        relays = self._relays.get(lead.source_id, ())
        self.hand = Hand(doc.id, name_of(doc), lead.lead_data_json.contact_url, relays, attempts=lead.attempts)
        self._asking = Asking(secrets.token_hex(16), is_going_on)
        self._prolonging, self._prolong_at, self._checked = False, 0.0, None
        if self._prepared == self.hand.page_of:
            self._open()  # it stands ready: the person need not wait for the claim
        self._ports.choose(doc.id)
        self._ask_claim()

    def _ask_claim(self) -> None:
        hand, asking = self.hand, self._asking
        assert hand is not None
        assert asking is not None
        self._asking = replace(asking, retry_at=None)
        then, failed = partial(self._claimed, asking.key, hand.lead), partial(self._not_claimed, asking.key)
        self._ports.ask("claimCaptcha", {"leadId": hand.lead}, then, failed, asking.key)
        self._ports.changed()

    def _claimed(self, key: str, lead: str, answer: Any) -> None:
        if not isinstance(answer, dict) or "epoch" not in answer:
            self._not_claimed(key, BackendError("The backend answered in an unexpected way"))
            return
        if self._asking is None or self._asking.key != key or self.hand is None:
            # The person went on before the answer came: nobody works on this one.
            self._release(lead, "", int(answer["epoch"]))
            return
        before = self.hand
        hand = self.hand = before.given(answer, self._until(answer))
        doc = self.doc(lead)
        if doc is not None:
            self._relays[doc.value.source_id] = hand.relays
        self._asking = None
        if before.page is PageState.NONE or before.page_of != hand.page_of:
            self._open()
        self._prepare_next()
        self._ports.changed()

    def _not_claimed(self, key: str, error: BackendError) -> None:
        asking, hand = self._asking, self.hand
        if asking is None or asking.key != key or hand is None:
            return
        if error.is_passing:
            said = " ".join(part for part in (error.title + ".", error.detail, error.hint) if part)
            self.hand = replace(hand, waiting=said)
            self._asking = replace(asking, retry_at=self._clock() + RETRY_S)
            self._ports.changed()
            return
        doc = self.doc(hand.lead)
        review = doc.value.review if doc is not None else None
        self._aside[hand.lead] = (review.epoch if review is not None else 0) + 1
        self.hand = self._asking = None
        self._ports.say(f"Not yours: {hand.name}", _words(error), "warning")
        if asking.is_going_on:
            self._go_on(hand.lead)
        self._ports.changed()

    def _until(self, answer: dict[str, Any]) -> float:
        try:
            left = (datetime.fromisoformat(str(answer.get("leaseUntil"))) - self._now()).total_seconds()
        except (ValueError, TypeError):
            left = LONGEST_LEASE_S
        return self._clock() + max(0.0, min(LONGEST_LEASE_S, left))

    # -- the browser

    def _open(self) -> None:
        if self.hand is not None:
            self.hand = replace(self.hand, page=PageState.OPENING, said="")
            self._prepared = None
            self._ports.open(self.hand.page_of)

    def reopen(self) -> None:
        """Open the page of the lead in hand (again)."""
        if self.hand is not None and self.hand.page is not PageState.OPENING and self.hand.epoch is not None:
            self._open()
            self._ports.changed()

    def _prepare_next(self) -> None:
        doc = self._next(self.hand.lead) if self.hand is not None else None
        # Without a display or a browser there is nothing to prepare it in.
        if doc is None or not doc.value.lead_data_json.contact_url:
            return
        lead = Lead(doc.id, doc.value.lead_data_json.contact_url, self._relays.get(doc.value.source_id, ()))
        if lead != self._prepared:
            self._prepared = lead
            self._ports.prepare(lead)

    def happened(self, event: Event) -> None:
        """Something happened in the browser."""
        self.active()
        if isinstance(event, (SiteDown, PostRemoved)):
            self.foretold[event.lead] = "gone" if isinstance(event, PostRemoved) else "down"
        if self.hand is not None:
            self.hand = told(self.hand, event, self._clock())
            if self.hand.page is PageState.OPEN:
                self.foretold.pop(self.hand.lead, None)
            if self.hand.page in {PageState.CRASHED, PageState.NO_BROWSER}:
                self._prepared = None
        self._ports.changed()

    # -- what comes of it

    def another_address(self) -> None:
        """Propose the next of the addresses seen."""
        if self.hand is not None:
            self.hand = self.hand.another(self._clock())
            self._ports.changed()

    def accept(self, address: str) -> str:
        """Report an address and go on.

        Returns:
            What is wrong with it; "" if it is on its way.
        """
        hand = self.hand
        if hand is None or not hand.is_claimed:
            return "The lead is not yours yet."
        wrong = problem(address, hand.relays)
        if not wrong:
            self._report(hand, {"captchaSuccess": True, "extractedEmail": address.strip()})
        return wrong

    def fail(self) -> None:
        """Report that there is no address to be had, and go on."""
        if self.hand is not None and self.hand.is_claimed:
            self._report(self.hand, {"captchaSuccess": False, "extractedEmail": ""})

    def _report(self, hand: Hand, said: dict[str, Any]) -> None:
        assert hand.epoch is not None
        body = {"leadId": hand.lead, **said, "epoch": hand.epoch}
        self._aside[hand.lead] = hand.epoch
        self.hand = None
        self.delivery.send(Sent("resolveCaptcha", hand.lead, hand.name, body, secrets.token_hex(16)))
        self._go_on(hand.lead)

    def skip(self) -> None:
        """Give the lead back and go on."""
        if self.hand is not None:
            lead = self.hand.lead
            self._put_back()
            self._go_on(lead)

    def stop(self) -> None:
        """Give the lead back and take no other."""
        self._put_back()
        self.remark = ""
        self._ports.changed()

    def _put_back(self) -> None:
        hand, self.hand, self._asking = self.hand, None, None
        if hand is not None and hand.is_claimed:
            self._aside[hand.lead] = hand.epoch or 0
            self._release(hand.lead, hand.name, hand.epoch)

    def _release(self, lead: str, name: str, epoch: int | None) -> None:
        self.delivery.send(Sent("releaseCaptcha", lead, name, {"leadId": lead, "epoch": epoch}))

    def _go_on(self, after: str) -> None:
        doc = self._next(after)
        if doc is None:
            self.remark = "Nothing else waits at the moment."
            self._ports.changed()
            return
        self.remark = ""
        self._claim(doc, is_going_on=True)

    def undo(self) -> None:
        """Take the last report back."""
        report = self.delivery.undo_last()
        if report is None:
            self._ports.say("Nothing to take back", "Nothing was reported since the console opened.", "information")
        self._ports.changed()

    def _decided(self, call: Sent) -> None:
        """The backend has answered a call of the delivery."""
        undone = call.endpoint == "undoCaptcha" and call.state is State.DONE
        if undone or (call.is_report and call.state is State.DONE):
            self._ports.counted()
        if undone or (call.is_report and call.state is State.REFUSED):
            # It waits again, or may: whether it does, the feed says.
            self._aside.pop(call.lead, None)
        if undone and self.hand is None:
            self.remark = ""
            self._ports.choose(call.lead)

    # -- time

    def tick(self) -> None:
        """Do what is due: calls that wait to be made again, and prolonging the claim."""
        self.delivery.pump()
        now, hand, asking = self._clock(), self.hand, self._asking
        if asking is not None and asking.retry_at is not None and now >= asking.retry_at:
            self._ask_claim()
        elif hand is not None and hand.is_claimed and hand.until - now < PROLONG_BELOW_S and self.is_working:
            self._prolong()

    def hurry(self) -> None:
        """Try again at once what got no answer."""
        self.delivery.outbox.hurry()
        if self._asking is not None and self._asking.retry_at is not None:
            self._asking = replace(self._asking, retry_at=0.0)
        self._prolong_at = 0.0
        self.tick()

    @property
    def is_working(self) -> bool:
        """Whether the person has done something lately."""
        return self._clock() - self._active_at <= IDLE_AFTER_S

    def _prolong(self) -> None:
        hand, now = self.hand, self._clock()
        if hand is None or not hand.is_claimed or self._prolonging or now < self._prolong_at:
            return
        self._prolonging, self._prolong_at = True, now + RETRY_S
        body = {"leadId": hand.lead, "epoch": hand.epoch}
        then, failed = partial(self._prolonged, hand.lead, hand.epoch), partial(self._not_prolonged, hand.lead)
        self._ports.ask("claimCaptcha", body, then, failed, None)

    def _prolonged(self, lead: str, epoch: int | None, answer: Any) -> None:
        self._prolonging = False
        if self.hand is not None and (self.hand.lead, self.hand.epoch) == (lead, epoch) and isinstance(answer, dict):
            self.hand = replace(self.hand, until=self._until(answer))
            self._ports.changed()

    def _not_prolonged(self, lead: str, error: BackendError) -> None:
        self._prolonging = False
        if self.hand is None or self.hand.lead != lead or error.is_passing:
            return
        self.hand = replace(self.hand, lost=_words(error))
        self._ports.changed()

    def _check_feed(self) -> None:
        """If the feed says that somebody else has the lead, or that it waits no more, ask the backend."""
        hand = self.hand
        if hand is None or not hand.is_claimed:
            return
        doc = self.doc(hand.lead)
        if doc is None:
            sign: object = "gone" if len(self.docs) < WINDOW else None
        else:
            review = doc.value.review
            other = review is not None and review.epoch > (hand.epoch or 0)
            sign = (review.epoch, holder(doc, self._now())) if other else None
        if sign is not None and sign != self._checked:
            self._checked, self._prolong_at = sign, 0.0
            self._prolong()


def _is_given_back(review: Any, epoch: int) -> bool:
    return review is not None and review.epoch >= epoch and not review.lease_owner


def _words(error: BackendError) -> str:
    return " ".join(part for part in (error.detail or error.title, error.hint) if part)
