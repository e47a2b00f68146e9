"""Whether an address can be reported, told before the backend has to."""

from __future__ import annotations

from collections.abc import Iterable


def problem(address: str, relays: Iterable[str]) -> str:
    """What is wrong with an address; "" if nothing is. The backend goes by the same rule and decides.

    Args:
        address: as typed or read.
        relays: domains of the site's own relay, which reach nobody we could recognise again.
    """
    from email_validator import EmailNotValidError, validate_email

    if not address.strip():
        return "Type the address."
    try:
        checked = validate_email(address.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        return f"This is no address: {error}"
    domain = checked.ascii_domain or checked.domain
    if any(domain == relay or domain.endswith(f".{relay}") for relay in relays):
        return f"{domain} is the site's relay; the advertiser's own address is needed."
    return ""
