"""Holds a finished campaign against what the demo site says is right, and the mailbox against the email queue."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from leadgen.model.ids import post_id
from leadgen.model.status import EmailStatus

if TYPE_CHECKING:
    from google.cloud.firestore import Client

_ROUTES = {
    "EMAIL": "QUEUED",
    "CAPTCHA": "REVIEW",
    "PHONE": "PHONE_ONLY",
    "NONE": "NO_CONTACT",
    "SUPPRESSED": "SUPPRESSED",
}
TIMEOUT_S = 20.0
FETCHABLE = frozenset({"ok", "slow", "flaky"})


@dataclass
class Facts:
    """What a campaign left behind.

    Args:
        outcomes: path of each harvested post → outcome, or "" while it has none.
        contacts: the campaign's contacts.
        emails: the campaign's mails, by id.
    """

    outcomes: dict[str, str]
    contacts: list[dict[str, Any]]
    emails: dict[str, dict[str, Any]]


@dataclass
class Verdict:
    """What is not right; nothing if all is."""

    faults: list[str] = field(default_factory=list)

    def expect(self, holds: bool, fault: str) -> None:
        """Note a fault unless it holds."""
        if not holds:
            self.faults.append(fault)


def read_facts(db: Client, request_id: str) -> Facts:
    """Read what a campaign left behind, as the signed-in person."""
    from google.cloud.firestore import FieldFilter

    request = db.collection("processorQueue").document(request_id)
    outcomes: dict[str, str] = {}
    for snapshot in request.collection("batches").stream(timeout=TIMEOUT_S):
        batch = snapshot.to_dict() or {}
        for url in batch["urls"]:
            outcomes[urlsplit(url).path] = str(batch.get("outcomes", {}).get(post_id(url), ""))
    ours = FieldFilter("requestId", "==", request_id)
    contacts = db.collection("contacts").where(filter=ours).stream(timeout=TIMEOUT_S)
    emails = db.collection("emailQueue").where(filter=ours).stream(timeout=TIMEOUT_S)
    return Facts(
        outcomes=outcomes,
        contacts=[s.to_dict() or {} for s in contacts],
        emails={s.id: s.to_dict() or {} for s in emails},
    )


def check(facts: Facts, truth: dict[str, Any], delivered: list[dict[str, Any]]) -> Verdict:
    """Hold facts against truth.

    Args:
        facts: what the campaign left behind.
        truth: the demo site's list for the city.
        delivered: what the mailbox delivered.
    """
    verdict = Verdict()
    posts = {post["path"]: post for post in truth["posts"]}
    _check_outcomes(verdict, facts, posts, set(truth["suppressions"]))
    _check_contacts(verdict, facts, posts)
    _check_mail(verdict, facts, posts, set(truth["suppressions"]), delivered)
    return verdict


def _check_outcomes(verdict: Verdict, facts: Facts, posts: dict[str, dict[str, Any]], suppressed: set[str]) -> None:
    """Dead links are dead; of each advertiser's posts one has the right outcome and the others are duplicates."""
    groups: dict[str, list[str]] = {}
    for path, outcome in facts.outcomes.items():
        post = posts.get(path)
        if post is None:
            verdict.expect(False, f"{path} was harvested but is on no listing")
        elif post["fetch"] not in FETCHABLE:
            verdict.expect(outcome == "DEAD", f"{path} is {post['fetch']}, its outcome {outcome or 'missing'}")
        else:
            groups.setdefault(post["advertiser"], []).append(path)
    for advertiser, paths in groups.items():
        route = posts[paths[0]]["route"]
        if route == "EMAIL" and any(suppressed & set(posts[path]["emails"]) for path in paths):
            route = "SUPPRESSED"
        wanted = Counter({_ROUTES[route]: 1, "DUPLICATE": len(paths) - 1})
        if route == "NONE":
            wanted = Counter({"NO_CONTACT": len(paths)})
        found = Counter(facts.outcomes[path] for path in paths)
        verdict.expect(
            +found == +wanted, f"{advertiser}: {', '.join(paths)} should be {dict(+wanted)} and are {dict(+found)}"
        )


def _check_contacts(verdict: Verdict, facts: Facts, posts: dict[str, dict[str, Any]]) -> None:
    """Every contact carries a phone and an email that its post really shows, and none that it does not."""
    for contact in facts.contacts:
        post = posts.get(urlsplit(contact["sourceUrl"]).path)
        if post is None:
            verdict.expect(False, f"contact of {contact['sourceUrl']} is of no listed post")
            continue
        phones, emails = set(contact["leadDataJson"]["phones"]), set(contact["leadDataJson"]["emails"])
        if contact["status"] in ("PENDING_CAPTCHA", "PHONE_ONLY", "PROCESSED"):
            path = post["path"]
            verdict.expect(phones == set(post["phones"]), f"{path}: phones {sorted(phones)}, right {post['phones']}")
            verdict.expect(emails == set(post["emails"]), f"{path}: emails {sorted(emails)}, right {post['emails']}")


def _check_mail(
    verdict: Verdict,
    facts: Facts,
    posts: dict[str, dict[str, Any]],
    suppressed: set[str],
    delivered: list[dict[str, Any]],
) -> None:
    """As many mails were delivered as are SENT, none twice, none to anybody it should not reach."""
    sent = [email for email in facts.emails.values() if email["status"] == str(EmailStatus.SENT)]
    verdict.expect(len(delivered) == len(sent), f"{len(delivered)} mails were delivered, {len(sent)} are SENT")
    reached = Counter(address.lower() for mail in delivered for address in mail["to"])
    twice = sorted(address for address, times in reached.items() if times > 1)
    verdict.expect(not twice, f"mailed twice: {', '.join(twice)}")
    rightful = {e.lower() for post in posts.values() if post["route"] == "EMAIL" for e in post["emails"]}
    strangers = sorted(set(reached) - rightful)
    verdict.expect(not strangers, f"mailed although no post shows it: {', '.join(strangers)}")
    wronged = sorted(set(reached) & {s.lower() for s in suppressed})
    verdict.expect(not wronged, f"mailed although suppressed: {', '.join(wronged)}")
    for email_id, email in facts.emails.items():
        verdict.expect(
            email["status"] == str(EmailStatus.SENT), f"mail {email_id} is {email['status']}: {email['reason']}"
        )
