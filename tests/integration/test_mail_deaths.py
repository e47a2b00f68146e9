"""A mail that kills whoever prepares it: it ends with a person, and takes no other mail with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from test_mail_world import Killed, World, world

from leadgen.mail import delivery
from leadgen.mail.compose import Composed
from leadgen.mail.deps import PREPARED_ALONE, Timing
from leadgen.mail.explaining import explain_mail
from leadgen.mail.facts import Templates
from leadgen.mail.records import AgentState, MailJob
from leadgen.mail.session import Session
from leadgen.mail.transitions import Action, change_mail
from leadgen.model.status import EmailStatus
from leadgen.store.client import Collections

__all__ = ["world"]

MOST = Timing().max_attempts


@dataclass
class Poison:
    """Composing the mail to this address ends the process."""

    email: str
    monkeypatch: pytest.MonkeyPatch
    noted: list[list[str]] = field(default_factory=list)
    """What was noted as being prepared at each death."""

    def __post_init__(self) -> None:
        compose = delivery._message

        def deadly(session: Session, job: MailJob, templates: Templates) -> Composed:
            if job.lead_data.email == self.email:
                state = Collections(session.deps.db).sending.get().to_dict() or {}
                self.noted.append(AgentState.from_firestore(state).preparing)
                raise Killed
            return compose(session, job, templates)

        self.monkeypatch.setattr(delivery, "_message", deadly)


def test_a_mail_that_kills_every_agent_is_given_to_a_person_and_harms_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, *others = [world.queue(number) for number in range(4)]
    poison = Poison("lead0@lonestar0.example", monkeypatch)
    for _ in range(2 * MOST):
        try:
            world.tick(budget_s=5.0)
        except Killed:
            assert len(poison.noted) <= MOST
        world.pass_time(minutes=61)  # longer than the longest wait between two attempts

    assert len(poison.noted[0]) > 1, "mails are noted together as long as none is suspected"
    assert poison.noted[PREPARED_ALONE:] == [[bad]] * (MOST - PREPARED_ALONE)
    assert [world.job(one).status for one in others] == [EmailStatus.SENT] * 3
    assert max(world.job(one).attempts for one in others) <= PREPARED_ALONE + 1, "deaths, and the one that sent it"
    given_up = world.job(bad)
    assert given_up.status is EmailStatus.ERROR_API_FAILURE
    assert f"given up after {MOST} attempts" in given_up.error
    assert "given up" in explain_mail(world.db, bad, world.settings, world.now()).reason
    counts = Collections(world.db).requests.document("campaign").get().get("counts")
    assert (counts["sent"], counts["failed"]) == (3, 1)

    poison.email = ""
    change_mail(world.db, bad, Action.RETRY, "ada", world.now())
    world.pass_time(minutes=1)
    assert world.tick().sent == 1
    assert world.job(bad).status is EmailStatus.SENT
    assert len(world.delivered()) == 4
