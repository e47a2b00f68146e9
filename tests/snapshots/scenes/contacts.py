"""Pictures of the contacts' screen."""

from __future__ import annotations

from typing import Any

from console.contacts.sync import Progress
from console.live.session import BackendError
from tests.snapshots import recorded
from tests.snapshots.contacts_recorded import maker
from tests.snapshots.scenes.scene import Scene, typed

_LEADS = (
    "Company;Contact person;Tel.;E-Mail Address;Town;Member no.\n"
    "Lone Star Plumbing;Ada Álvarez;512-236-1234;ada@lone-star.example;Austin;1007\n"
    "Hill Country Roofing;Ben O'Neill;512-236-77;ben@hill.example;Austin;\n"
    "Trinity Lawn Care;;214-236-0110;;Dallas;\n"
    ";Chi Nguyen;;chi@@nowhere;Dallas;\n"
    "García & Sons;Dee;(512) 236-1234;;Austin;\n"
    "Rose City Painting;;;paint@rose.example;Portland;[bold]1008[/]\n"
)
_OUTCOMES = {"512": "QUEUED", "214": "PHONE_ONLY", "": "DUPLICATE"}


def _processed(body: dict[str, Any]) -> dict[str, Any]:
    lead = body["leadData"]
    if lead.get("email", "").startswith("paint"):
        raise BackendError("The request is not valid", "leadData.email must be an email address.")
    return {"leadId": "a" * 32, "outcome": _OUTCOMES[lead.get("phone", "")[2:5]], "created": True}


async def filtered(pilot: Any) -> None:
    """A filter, pasted and entered."""
    await typed("5", "/", "=city:austin -email:*@gmail.com", "enter")(pilot)


async def imported(pilot: Any) -> None:
    """What was pasted, sent."""
    await typed("5", "i", f"={_LEADS}")(pilot)
    await typed("ctrl+s")(pilot)


_FILLING = Progress(64, 1240, 500, filling=True)

SCENES = (
    Scene("contacts", maker(), typed("5")),
    Scene("contacts-light", maker(theme="leadgen-light"), typed("5", "down", "down")),
    Scene("contacts-empty", maker([]), typed("5")),
    Scene("contacts-filling", maker(progress=_FILLING), typed("5")),
    Scene("contacts-filtered", maker(), filtered),
    Scene("contacts-bad-filter", maker(), typed("5", "/", "=city:austin status:gone", "enter")),
    Scene("contacts-marked", maker(), typed("5", "space", "space", "shift+down", "shift+down")),
    Scene("contacts-history", maker(), typed("5", "enter")),
    Scene("contacts-columns", maker(), typed("5", "c", "down", "down", "space", "right")),
    Scene(
        "contacts-offline", maker(problem="Firestore can't be reached.", health=recorded.offline_health()), typed("5")
    ),
    Scene("contacts-import-preview", maker(), typed("5", "i", f"={_LEADS}")),
    Scene("contacts-import-light", maker(theme="leadgen-light"), typed("5", "i", f"={_LEADS}", "down", "right")),
    Scene("contacts-import-done", maker(answers={"processLead": _processed}), imported),
)
