"""The demo from start to end."""

from __future__ import annotations

import os
import sys
import time
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.campaigns import wait_for
from console.cli.demo import setting_up
from console.cli.demo.checking import Facts, Verdict, check, read_facts
from console.cli.output import FAILED, emit_json, fail, out, say, table, told
from console.cli.target import local_profile, local_session
from console.client.session import Session
from console.client.watching import Campaign, read_campaign
from console.starter import save_starter_templates
from local.classifieds.places import CITIES
from local.stack import Stack
from local.stack.state import StackInfo

STACK = "demo"
MAIL_TIMEOUT_S = 300.0
WAITING = frozenset({"QUEUED", "DRAFTING", "SENDING", "UNKNOWN"})


def demo(
    city: Annotated[str, typer.Option("--city", help="Which city of the demo site.")] = "austin",
    leads: Annotated[int, typer.Option("--leads", min=1, max=500, help="How many new leads.")] = 50,
    template: Annotated[int, typer.Option("--template", min=1, max=3)] = 1,
    headless: Annotated[
        bool, typer.Option("--headless", envvar="HEADLESS", help="No console; print a summary.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Headless: print facts as JSON.")] = False,
) -> None:
    """Show the main job, whole, on this machine: a campaign from the listings to the delivered mails."""
    if city not in CITIES:
        raise typer.BadParameter(
            f"the demo site has no {city!r}; cities are {', '.join(sorted(CITIES))}", param_hint="--city"
        )
    started = time.monotonic()
    with told():
        stack = Stack(STACK, owned=True)
        say("Starting the local stack (Firebase emulators, demo site, mailbox, model) from empty…")
        stack.reset()
        info = stack.up(progress=say)
        try:
            operator, request_id = _begin(stack, info, city, template, leads)
            if headless or as_json or not sys.stdout.isatty():
                code = _headless(stack, info, operator, request_id, started=started, as_json=as_json)
            else:
                code = _watch(operator)
        finally:
            say("Stopping the local stack; its data stays for a look: leadgen --stack demo")
            stack.down()
    raise typer.Exit(code)


def _begin(stack: Stack, info: StackInfo, city: str, template: int, leads: int) -> tuple[Session, str]:
    profile = local_profile(info)
    admin = local_session(stack.root, profile, "admin")
    operator = local_session(stack.root, profile, "operator")
    setting_up.configure(admin)
    say(f"{len(save_starter_templates(operator))} templates are saved.")
    say(setting_up.sign_mailbox_in(operator, info))
    suppressed = setting_up.suppress_some(operator, info, city)
    say(f"{len(suppressed)} advertisers of {city} are on the suppression list.")
    started = operator.call(
        "triggerHarvest",
        {"city": city, "templateId": template, "numLeads": leads},
        idempotency_key=str(uuid.uuid4()),
    )
    say(f"Campaign {started['requestId']}: {leads} leads in {city}.")
    return operator, str(started["requestId"])


def _watch(operator: Session) -> int:
    from console.app import run as run_console

    run_console(lambda: operator)
    return 0


def _headless(
    stack: Stack, info: StackInfo, operator: Session, request_id: str, *, started: float, as_json: bool
) -> int:
    campaign = wait_for(operator, request_id, quiet=False)
    say("All posts are triaged; waiting for the mails to leave.")
    facts = _wait_for_mail(operator, request_id)
    campaign = read_campaign(operator.firestore(), request_id)
    delivered = setting_up.deliveries(info)
    verdict = check(facts, setting_up.city_truth(info, campaign.city), delivered)
    picture = _picture(operator, stack.root / "demo")
    report = _report(campaign, facts, delivered, verdict, picture, time.monotonic() - started)
    if as_json:
        emit_json(report)
    else:
        _print(report, info, delivered)
    return FAILED if verdict.faults or campaign.status != "COMPLETED" else 0


def _wait_for_mail(operator: Session, request_id: str) -> Facts:
    db = operator.firestore()
    deadline = time.monotonic() + MAIL_TIMEOUT_S
    said = -1
    while True:
        facts = read_facts(db, request_id)
        left = [e for e in facts.emails.values() if e["status"] in WAITING]
        sent = len(facts.emails) - len(left)
        if sent != said:
            say(f"{sent} of {len(facts.emails)} mails have left.")
            said = sent
        if not left:
            return facts
        if time.monotonic() > deadline:
            reasons = sorted({str(e.get("reason") or e["status"]) for e in left})
            fail(f"{len(left)} mails have not left after {MAIL_TIMEOUT_S:.0f} s.", hint="; ".join(reasons))
        time.sleep(1.0)


def _picture(operator: Session, folder: Path) -> dict[str, str]:
    """The dashboard as SVG and PNG."""
    from console.picture import to_png
    from console.screens.picture import save_dashboard

    folder.mkdir(parents=True, exist_ok=True)
    svg = save_dashboard(operator, folder / "dashboard.svg")
    return {"svg": str(svg), "png": str(to_png(svg))}


def _report(
    campaign: Campaign,
    facts: Facts,
    delivered: list[dict[str, Any]],
    verdict: Verdict,
    picture: dict[str, str],
    seconds: float,
) -> dict[str, Any]:
    counts = campaign.counts
    return {
        **campaign.facts(),
        "summary": {
            "harvested": counts["harvested"],
            "new leads": counts["found"],
            "duplicates": counts["duplicates"],
            "phone only": counts["phoneOnly"],
            "review": counts["review"],
            "queued": counts["queued"],
            "sent": counts["sent"],
            "suppressed": counts["suppressed"],
            "no contact": counts["noContact"],
            "dead links": counts["dead"],
        },
        "delivered": len(delivered),
        "mailFolder": os.path.dirname(delivered[0]["eml"]) if delivered else "",
        "picture": picture,
        "faults": verdict.faults,
        "seconds": round(seconds, 1),
    }


def _print(report: dict[str, Any], info: StackInfo, delivered: list[dict[str, Any]]) -> None:
    table(f"{report['city']}: {report['message']}", ["", ""], [[k, v] for k, v in report["summary"].items()])
    out.print(f"\nDelivered    {len(delivered)} mails, as .eml files in {report['mailFolder']}", markup=False)
    out.print(f"Picture      {report['picture']['svg']}", markup=False)
    out.print(f"             {report['picture']['png']}", markup=False)
    if report["faults"]:
        table("Not right", [""], [[fault] for fault in report["faults"]])
    else:
        out.print("Checked      every lead is in the state the demo site's own list says; no address was mailed twice.")
    out.print(f"Time         {report['seconds']} s")
