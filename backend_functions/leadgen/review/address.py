"""The address an operator read behind a CAPTCHA: is it one we can write to?"""

from __future__ import annotations

from collections.abc import Iterable

from email_validator import EmailNotValidError, validate_email

from leadgen.model.errors import FieldProblem, InvalidInput
from leadgen.model.ids import canonical_email
from leadgen.model.validation import shown

FIELD = "extractedEmail"


def accept_address(address: str, relay_domains: Iterable[str] = (), *, field: str = FIELD) -> str:
    """The address in its canonical form.

    Args:
        address: as it was typed or read from the page.
        relay_domains: domains of the site's own relay; mail through them reaches nobody we could recognise again.
        field: what the request calls the address.

    Raises:
        InvalidInput: empty, malformed, or a relay address.
    """
    if not address.strip():
        raise _refused(field, address, "must be an email address")
    try:
        # A reserved domain such as .example can't receive mail; whether it can is the mail server's to say, not ours.
        checked = validate_email(address.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise _refused(field, address, f"must be an email address: {str(error).rstrip('.')}") from None
    canonical = canonical_email(checked.normalized)
    domain = canonical.rpartition("@")[2]
    if any(domain == relay or domain.endswith(f".{relay}") for relay in relay_domains):
        raise _refused(field, address, f"must be the advertiser's own address; {domain} is the site's relay")
    return canonical


def _refused(field: str, address: str, allowed: str) -> InvalidInput:
    problem = FieldProblem(field, shown(address), allowed)
    return InvalidInput(f"{field} {allowed}.", hint="Correct the address.", fields=(problem,))
