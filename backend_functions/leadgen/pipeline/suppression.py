"""May we write to them at all? Suppressed emails, phones and whole domains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from leadgen.model.documents import Suppression
from leadgen.model.errors import FieldProblem, InvalidInput
from leadgen.model.ids import suppression_id, suppression_values
from leadgen.model.validation import shown
from leadgen.process.index import Marked, is_suppressed
from leadgen.review.address import accept_address
from leadgen.store.client import Collections
from leadgen.store.records import read_all

if TYPE_CHECKING:
    from google.cloud.firestore import Client


suppression_keys = suppression_values
"""(kind, value) of everything that may be on the list for these addresses and phones."""


def suppressed_among(db: Client, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Which of the keys are suppressed, and the reason; one round trip."""
    by_id = {suppression_id(kind, value): (kind, value) for kind, value in keys}
    names = Collections(db)
    found = read_all(db, [names.suppressions.document(i) for i in sorted(by_id)], Suppression)
    return {by_id[record_id]: record.value.reason for record_id, record in found.items()}


def logged_suppressions(db: Client, index: Marked, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Which of the keys are suppressed, and the reason. Reads nothing unless the identity log knows one of them.

    What was recorded in the last moments, or with a date long past, may be missing; every mail is checked against the
    list itself before it leaves.
    """
    return suppressed_among(db, [key for key in keys if is_suppressed(index, *key)])


def canonical_value(kind: str, value: str) -> str:
    """The form in which a value stands on the list.

    Args:
        kind: ``email``, ``phone`` or ``domain``.
        value: as it was typed.

    Raises:
        InvalidInput: it is not an email address, a phone number with its country, or a domain.
    """
    if kind == "phone":
        return canonical_phone(value)
    if kind == "email":
        return accept_address(value, field="value")
    domain = value.strip().lower().removeprefix("@").rstrip(".")
    try:
        return accept_address(f"anyone@{domain}", field="value").rpartition("@")[2]
    except InvalidInput:
        allowed = "must be an email address, a phone number or a domain, such as lonestar.example"
        problem = FieldProblem("value", shown(value), allowed)
        raise InvalidInput(f"value {allowed}.", hint="Correct it.", fields=(problem,)) from None


def canonical_phone(value: str, region: str = "US", field: str = "value") -> str:
    """A phone number in E.164.

    Raises:
        InvalidInput: it is not a valid number of the region or with a country code.
    """
    import phonenumbers

    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        problem = FieldProblem(field, shown(value), "must be a valid phone number, such as +1 512 236 1234")
        raise InvalidInput(f"{field} {problem.allowed}.", fields=(problem,))
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
