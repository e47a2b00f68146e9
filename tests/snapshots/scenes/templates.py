"""Pictures of the templates' screen."""

from __future__ import annotations

from typing import Any

from tests.snapshots import recorded
from tests.snapshots.scenes.scene import Scene, settled, typed

_BODY = """<p>Hi {{ greetingName }},</p>
{% if opener %}<p>{{ opener }}</p>{% endif %}
<p>We work with people in {{ category|lower }} around {{ city }}.
Would a short call be welcome?</p>
<p><a href="https://example.com/calls">Choose a time</a></p>
{{ signature }}
"""
TEMPLATES = [
    {"templateId": 1, "templateName": "Introduction", "baseSubject": "A question about {{ businessName }}",
     "baseBodyHtml": _BODY, "version": 4},
    {"templateId": 2, "templateName": "Website review", "baseSubject": "Your website, {{ name }}",
     "baseBodyHtml": "<p>Hi {{ nmae }}</p>", "version": 1},
    {"templateId": 3, "templateName": "Seasonal offer", "baseSubject": "Before the winter", "isArchived": True,
     "baseBodyHtml": "<p>…</p>", "version": 2},
]  # fmt: skip
PREVIEW = {
    "to": "dana@hillcountryroofing.example", "toName": "Dana Reyes", "subject": "A question about Hill Country Roofing",
    "html": "<p>Hi Dana,</p>", "templateVersion": 4, "variation": "A:0",
    "text": "Hi Dana,\n\nYour ad mentions storm repairs in Round Rock.\n\nWe work with people in roofing around "
            "Austin. Would a short call be welcome?\n\nChoose a time: https://example.com/calls\n\nAda, Contoso\n"
            "12 Main St, Austin TX 78701\n\nNot interested? Reply STOP, or: https://example.com/u/…",
    "findings": [{"level": "warning", "code": "no-alt", "part": "body", "line": 4, "text": "A picture has no text."}],
    "refusal": "",
    "variables": [
        {"name": "greetingName", "value": "Dana"}, {"name": "businessName", "value": "Hill Country Roofing"},
        {"name": "category", "value": "Roofing"}, {"name": "city", "value": "Austin"}, {"name": "opener", "value": ""},
    ],
}  # fmt: skip
WRONG = {
    **PREVIEW, "text": "", "subject": "", "to": "", "toName": "", "variation": "",
    "refusal": "The template has errors.",
    "findings": [{"level": "error", "code": "unknown", "part": "body", "line": 1,
                  "text": "nmae is not a variable; did you mean name?"}],
}  # fmt: skip


def _answer(body: dict[str, Any]) -> Any:
    return WRONG if "nmae" in body["draft"]["baseBodyHtml"] else PREVIEW


def templates_app(role: str = "admin", theme: str = "leadgen-dark", **answers: Any) -> Any:
    """An app whose backend knows three templates."""
    given = {"getTemplates": TEMPLATES, "previewTemplate": _answer, **answers}
    return recorded.recorded_app(session=recorded.FakeSession(role=role, answers=given), theme=theme)[0]


async def previewed(pilot: Any) -> None:
    """Wait until the preview is there."""
    await settled(pilot)
    screen = pilot.app.screen
    while screen._preview is None or screen._asking or screen._timer is not None:
        await pilot.pause(0.01)
    await settled(pilot)


def shown(*keys: str) -> Any:
    """Open the screen, press keys, wait for the preview."""

    async def play(pilot: Any) -> None:
        await typed("6")(pilot)
        await previewed(pilot)
        if keys:
            await pilot.press(*keys)
            await previewed(pilot)

    return play


SCENES = (
    Scene("templates", templates_app, shown()),
    Scene("templates-light", lambda: templates_app(theme="leadgen-light"), shown()),
    Scene("templates-wrong", templates_app, shown("down")),
    Scene("templates-writing", templates_app, shown("enter", "N", "o", "w", " ")),
    Scene("templates-empty", lambda: templates_app(getTemplates=[]), typed("6")),
)
