"""Readies an empty local stack for the demo: configuration, templates, mailbox, suppression list."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx

from console.client.problems import BackendError
from console.client.session import Session
from local.stack.state import StackInfo

ACCOUNT = "ada@contoso.example"
HTTP_TIMEOUT_S = 15.0

SETTINGS: dict[str, Any] = {
    # Mail leaves at any hour and a few seconds apart, so that the demo can be seen at any time of day. A new project
    # starts with office hours in the lead's timezone, 45 to 120 seconds apart, and 200 mails a day.
    "workingHours": {"start": "00:00", "end": "24:00", "days": [0, 1, 2, 3, 4, 5, 6]},
    "skipHolidays": False,
    "sendIntervalSeconds": {"min": 0.0, "max": 0.2},
    "pauseAfter": 0,
    "dailyCap": 500,
    "llmTransactionLimit": 300,
    "harvestRequestsPerSecond": 50.0,
    "senderName": "Ada Lovelace",
    "companyName": "Contoso Local",
    "postalAddress": "1 Analytical Way, Austin, TX 78701, USA",
}


def configure(admin: Session) -> None:
    """Set the demo's configuration."""
    admin.call("updateConfig", SETTINGS)


def sign_mailbox_in(operator: Session, info: StackInfo) -> str:
    """Sign the demo mailbox in through the real flow; the stand-in's control address does what a person's click does.

    Returns:
        The backend's message.
    """
    url = operator.call("authenticateOutlook")["authUrl"]
    with microsoft(info) as http:
        answer = http.post("/_standin/consent", json={"authUrl": url, "account": ACCOUNT})
    if answer.status_code != 200:
        raise BackendError("The demo mailbox can't be signed in", f"HTTP {answer.status_code}: {answer.text[:200]}")
    given = answer.json()
    done = operator.call("handleOutlookCallback", {"code": given["code"], "state": given["state"]})
    return str(done["message"])


def suppress_some(operator: Session, info: StackInfo, city: str) -> list[str]:
    """Put a few of the city's advertisers on the suppression list, as if they had opted out before."""
    addresses = [str(a) for a in city_truth(info, city)["suppressions"]]
    for address in addresses:
        operator.call("suppress", {"kind": "email", "value": address, "reason": "opted out before (demo)"})
    return addresses


def city_truth(info: StackInfo, city: str) -> dict[str, Any]:
    """What the demo site says is right for a city."""
    answer = httpx.get(
        f"{info.classifieds_url}/_standin/truth", params={"city": city}, timeout=HTTP_TIMEOUT_S, trust_env=False
    )
    answer.raise_for_status()
    return dict(answer.json())


def deliveries(info: StackInfo) -> list[dict[str, Any]]:
    """Every mail that the stand-in's mailbox really delivered."""
    with microsoft(info) as http:
        answer = http.get("/_standin/deliveries")
    answer.raise_for_status()
    found = answer.json()
    return list(found if isinstance(found, list) else found["deliveries"])


def microsoft(info: StackInfo) -> httpx.Client:
    """A client for the Microsoft stand-in, which has a certificate of its own."""
    import ssl

    parts = urlsplit(info.microsoft["url"])
    trusted = ssl.create_default_context(cafile=info.microsoft["ca_file"])
    return httpx.Client(
        base_url=f"{parts.scheme}://{parts.netloc}", verify=trusted, timeout=HTTP_TIMEOUT_S, trust_env=False
    )
