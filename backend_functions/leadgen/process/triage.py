"""Where a post goes once it is known what it shows."""

from __future__ import annotations

from leadgen.model.status import PostOutcome


def triage(*, has_email: bool, gate: str, has_phone: bool, suppressed: bool) -> PostOutcome:
    """The outcome of a post that belongs to nobody known yet.

    Args:
        has_email: whether it shows an address of the advertiser (a relay's is none).
        gate: how its contact page is gated: ``none``, ``mailto``, ``captcha`` or ``form``. ``captcha`` means that the
            page has such a link, not only that its site has them.
        has_phone: whether it shows a telephone number.
        suppressed: whether any email, phone or domain found is on the suppression list.

    In this order:

    * ``SUPPRESSED``: somebody asked not to be contacted; no other way of contact may be tried instead.
    * ``QUEUED``: there is an address, so no person's time is spent on a CAPTCHA.
    * ``REVIEW``: the address is behind a CAPTCHA, which only a person may solve.
    * ``PHONE_ONLY``: a lead for someone who calls. A contact form comes here too, or to the next: forms are not
      filled in by a program.
    * ``NO_CONTACT``: there is no way to reach the advertiser.
    """
    if suppressed:
        return PostOutcome.SUPPRESSED
    if has_email:
        return PostOutcome.QUEUED
    if gate == "captcha":
        return PostOutcome.REVIEW
    if has_phone:
        return PostOutcome.PHONE_ONLY
    return PostOutcome.NO_CONTACT
