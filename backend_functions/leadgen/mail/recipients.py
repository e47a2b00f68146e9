"""Who may be written to, as far as the address itself tells: syntax, relays, throw-away and role addresses.

Syntax is RFC 5322 and 6531 as email-validator reads them. Role names are those of RFC 2142 and the usual ones beside.
"""

from __future__ import annotations

from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from leadgen.mail.clean import one_line
from leadgen.model.config import Settings
from leadgen.model.ids import canonical_email

_RELAYS = frozenset({"craigslist.org"})
"""Hosts whose addresses forward to a person for one conversation; no source can declare them to be real ones."""

_NEVER = frozenset(
    (
        *("abuse", "postmaster", "hostmaster", "mailer-daemon", "noreply", "no-reply", "no_reply", "donotreply"),
        *("do-not-reply", "do_not_reply", "bounce", "bounces", "root", "nobody", "spam", "devnull", "unsubscribe"),
    )
)
"""Mailboxes that no person reads as theirs, or that exist to complain to."""

_ROLES = frozenset(
    (
        *("admin", "administrator", "billing", "booking", "bookings", "careers", "contact", "contactus", "enquiries"),
        *("enquiry", "feedback", "finance", "hello", "help", "helpdesk", "hr", "info", "inquiries", "inquiry", "it"),
        *("jobs", "kontakt", "legal", "mail", "marketing", "media", "news", "office", "orders", "press", "privacy"),
        *("reception", "recruiting", "sales", "security", "service", "support", "team", "webmaster"),
    )
)


def address_refusal(email: str, relay_domains: frozenset[str] = frozenset()) -> str:
    """Why this is no address of a person who could be written to; empty if it may be one.

    Args:
        email: the address.
        relay_domains: the source's own relays.
    """
    if not email.strip():
        return "the lead has no email address"
    problem = address_problem(email)
    if problem:
        return f"the email address is not valid: {problem}"
    local, _, domain = canonical_email(email).rpartition("@")
    if _within(domain, _RELAYS | relay_domains):
        return f"{domain} is a relay of the site, not the lead's own address"
    name = local.partition("+")[0]
    return f"{name}@ is no address a person reads as theirs" if name in _NEVER else ""


def setting_refusal(email: str, settings: Settings) -> str:
    """Why the configuration does not let us write to this address; empty if it does.

    Args:
        email: an address that `address_refusal` has nothing against.
        settings: whether role and throw-away addresses are allowed.
    """
    local, _, domain = canonical_email(email).rpartition("@")
    name = local.partition("+")[0]
    if name in _ROLES and not settings.allow_role_addresses:
        return f"{name}@ is a role, not a person (allowRoleAddresses is off)"
    if not settings.allow_disposable_addresses and is_disposable(domain):
        return f"{domain} gives throw-away addresses (allowDisposableAddresses is off)"
    return ""


def address_problem(email: str) -> str:
    """What is wrong with an address (RFC 5321, RFC 6531); empty when it can be written to. Asks no network."""
    if len(email) > 320:
        return "it is longer than 320 characters"
    try:
        domain = validate_email(email.strip(), check_deliverability=False, globally_deliverable=False).ascii_domain
    except EmailNotValidError as error:
        return one_line(str(error), 200).rstrip(".")
    return "" if "." in domain else "its domain has no dot"


def is_disposable(domain: str) -> bool:
    """Whether the domain, or one above it, is known to give throw-away addresses."""
    return _within(domain, _disposable())


@lru_cache(maxsize=1)
def _disposable() -> frozenset[str]:
    from disposable_email_domains import blocklist

    return frozenset(blocklist)


def _within(domain: str, domains: frozenset[str]) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels)))


def sendable(email: str) -> str:
    """The address as providers take it: canonical, and with the domain in ASCII (IDNA 2008, RFC 5891)."""
    address = canonical_email(email)
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{validate_email(address, check_deliverability=False, globally_deliverable=False).ascii_domain}"
    except EmailNotValidError:
        return f"{local}@{domain}"
