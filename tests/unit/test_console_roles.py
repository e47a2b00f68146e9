"""The console asks for no other role than the endpoint that does the work; the backend alone decides who may."""

from __future__ import annotations

import pytest

from console.actions import SCREENS, Action, of_scope
from leadgen.api.endpoints import ENDPOINTS
from leadgen.model.roles import Role

CALLS = {
    "campaign.start": ("triggerHarvest", "scheduleCampaign"),
    "schedule.pause": ("changeSchedule",),
    "schedule.run": ("changeSchedule",),
    "schedule.edit": ("scheduleCampaign",),
    "schedule.remove": ("changeSchedule",),
    "review.take": ("claimCaptcha", "resolveCaptcha"),
    "review.edit": ("resolveCaptcha",),
    "review.another": ("resolveCaptcha",),
    "review.fail": ("resolveCaptcha",),
    "review.skip": ("releaseCaptcha",),
    "review.stop": ("releaseCaptcha",),
    "review.undo": ("undoCaptcha",),
    "email.hold": ("changeEmail",),
    "email.retry": ("changeEmail",),
    "email.cancel": ("changeEmail",),
    "email.sent": ("changeEmail",),
    "contacts.suppress": ("importSuppressions",),
    "contacts.undo": ("unsuppress",),
    "contacts.merge": ("mergeContacts",),
    "contacts.unmerge": ("unmergeContact",),
    "contacts.import": ("processLead",),
    "template.save": ("saveTemplate",),
    "template.new": ("saveTemplate",),
    "template.starter": ("saveTemplate",),
    "template.archive": ("archiveTemplate",),
    "template.send": ("testSend",),
    "config.save": ("updateConfig",),
}
"""What the actions that change something call."""

ACTIONS = {action.id: action for screen in SCREENS for action in of_scope(screen.name)}


def test_every_action_that_takes_a_role_is_told_here() -> None:
    assert {action.id for action in ACTIONS.values() if action.role != "viewer"} == set(CALLS)


@pytest.mark.parametrize("action", [ACTIONS[one] for one in CALLS], ids=lambda action: action.id)
def test_an_action_takes_the_role_its_endpoints_take(action: Action) -> None:
    assert {ENDPOINTS[name].role for name in CALLS[action.id]} == {Role(action.role)}
