"""A contact's document as a row of the copy, and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from console.contacts.conditions import micros
from console.contacts.fields import state_word

COLUMNS = (
    "id", "version", "updated", "created", "last_sent", "status", "state", "name", "name_f", "business", "business_f",
    "phone", "email", "city", "city_f", "category", "category_f", "services_f", "score", "source_id", "request_id",
    "url", "template_id", "attempts", "language", "timezone", "words", "body",
)  # fmt: skip
"""The columns of a row, in order."""

MAX_TEXT = 1000

Row = tuple[Any, ...]


def _text(value: Any) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62 else None


def _moment(value: Any) -> int | None:
    return micros(value) if isinstance(value, datetime) and value.tzinfo is not None else None


def row(contact_id: str, data: Mapping[str, Any], version: Any) -> Row:
    """The row of a document. A value of a wrong type is left out; the document itself is kept as it is.

    Args:
        contact_id: the document's id.
        data: its fields, as Firestore has them.
        version: its update time, or a number that grows.
    """
    lead = data.get("leadDataJson")
    lead = lead if isinstance(lead, dict) else {}

    def field(name: str) -> str:
        return _text(data.get(name)) or _text(lead.get(name))

    name, business, phone, email = field("name"), field("businessName"), field("phone"), field("email").casefold()
    city, category = field("city"), field("category")
    services = data.get("servicesRendered") or lead.get("servicesRendered")
    offered = ", ".join(_text(one) for one in services) if isinstance(services, list) else ""
    sent, status = _moment(data.get("lastSent")), _text(data.get("status"))
    words = "\n".join((name, business, phone, email)).casefold()
    return (
        contact_id, _version(version), _moment(data.get("lastUpdated")) or 0, _moment(data.get("createdAt")), sent,
        status, state_word(status, sent is not None), name, name.casefold(), business, business.casefold(), phone,
        email, city, city.casefold(), category, category.casefold(), offered.casefold()[:MAX_TEXT],
        _number(lead.get("websiteScore")), _text(data.get("sourceId")).casefold(),
        _text(data.get("requestId")).casefold(), _text(data.get("sourceUrl")).casefold(),
        _number(data.get("templateId")), _number(data.get("attempts")), _text(lead.get("language")).casefold(),
        _text(data.get("timezone")).casefold(), words, packed(data),
    )  # fmt: skip


def _version(value: Any) -> int:
    return micros(value) if isinstance(value, datetime) else int(value or 0)


def packed(data: Mapping[str, Any]) -> bytes:
    """A document in few bytes."""
    return zlib.compress(_JSON.encode(data).encode("utf-8", "surrogatepass"), 1)


def unpacked(body: bytes) -> dict[str, Any]:
    """A document that was packed; moments are ISO 8601 texts."""
    found: dict[str, Any] = json.loads(zlib.decompress(body).decode("utf-8", "surrogatepass"))
    return found


def _json_value(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


_JSON = json.JSONEncoder(default=_json_value, ensure_ascii=False, separators=(",", ":"))
