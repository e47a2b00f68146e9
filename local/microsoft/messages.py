"""The message resource: what a client may give, and how it is shown.

Source: learn.microsoft.com/graph/api/resources/message
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from local.microsoft.errors import GraphError, bad_request
from local.microsoft.mailstore import Message, folder_id
from local.microsoft.mime import ADDRESS, preview, recipients
from local.microsoft.odata import Expand

MAX_RECIPIENTS = 500
MAX_HEADERS = 5
_RECIPIENT_LISTS = ("toRecipients", "ccRecipients", "bccRecipients", "replyTo")
_DRAFT_ONLY = {
    *_RECIPIENT_LISTS,
    *("subject", "body", "from", "sender", "internetMessageId", "internetMessageHeaders", "attachments"),
}
_WRITABLE = _DRAFT_ONLY | {
    *("categories", "importance", "flag", "isRead", "inferenceClassification", "singleValueExtendedProperties"),
    *("isDeliveryReceiptRequested", "isReadReceiptRequested"),
}
_IGNORED = {"id", "@odata.type", "@odata.context", "@odata.etag", "isDraft", "bodyPreview", "hasAttachments"}
PROPERTIES = frozenset(
    {
        *_WRITABLE,
        *("id", "createdDateTime", "lastModifiedDateTime", "changeKey", "receivedDateTime", "sentDateTime"),
        *("hasAttachments", "bodyPreview", "parentFolderId", "conversationId", "conversationIndex", "isDraft"),
        *("webLink", "uniqueBody"),
    }
)
_UNREADABLE = "RequestBodyRead"
_ON_REQUEST = {"internetMessageHeaders", "singleValueExtendedProperties", "attachments"}


def read_message(given: Any, *, draft: bool = True, creating: bool = True) -> dict[str, Any]:
    """Check the properties a client gave for a message. Raises GraphError (400).

    Args:
        given: the JSON body.
        draft: whether the message is a draft; what was sent can be changed in few points only.
        creating: whether it is being created; headers can be given only then.
    """
    if not isinstance(given, dict):
        raise bad_request("Empty Payload. JSON content expected.")
    changes = {key: value for key, value in given.items() if key not in _IGNORED and value is not None}
    for key in changes:
        if key not in _WRITABLE:
            text = f"The property '{key}' does not exist on type 'Microsoft.OutlookServices.Message' or is read-only."
            raise bad_request(text, _UNREADABLE if key not in PROPERTIES else "ErrorInvalidPropertySet")
    frozen = set(changes) & (({"internetMessageHeaders"} if not creating else set()) if draft else _DRAFT_ONLY)
    if frozen:
        raise bad_request(
            f"Property set operation is not allowed: {', '.join(sorted(frozen))}.", "ErrorInvalidPropertySet"
        )
    _check_types(changes)
    _check_body(changes)
    for key in _RECIPIENT_LISTS:
        if key in changes:
            _check_recipient_list(key, changes[key])
    if "from" in changes:
        _check_recipient_list("from", [changes["from"]])
    _check_headers(changes.get("internetMessageHeaders", []))
    _check_properties(changes.get("singleValueExtendedProperties", []))
    _check_attachments(changes.get("attachments", []))
    return changes


_TYPES: dict[str, tuple[type, str]] = {
    **dict.fromkeys(("subject", "internetMessageId", "importance", "inferenceClassification"), (str, "Edm.String")),
    **dict.fromkeys(("isRead", "isDeliveryReceiptRequested", "isReadReceiptRequested"), (bool, "Edm.Boolean")),
    "categories": (list, "Collection(Edm.String)"),
    "flag": (dict, "microsoft.graph.followupFlag"),
}


def _check_types(changes: dict[str, Any]) -> None:
    for key, (kind, shown) in _TYPES.items():
        value: Any = changes.get(key, kind())
        elements: list[Any] = value if isinstance(value, list) else []
        if not isinstance(value, kind) or not all(isinstance(element, str) for element in elements):
            raise bad_request(f"Cannot convert the literal for '{key}' to the expected type '{shown}'.", _UNREADABLE)


def _check_body(changes: dict[str, Any]) -> None:
    if "body" not in changes:
        return
    body = changes["body"]
    kind = str(body.get("contentType", "text")).lower() if isinstance(body, dict) else ""
    if kind not in {"text", "html"} or not isinstance(body.get("content", ""), str):
        raise bad_request("The property 'body' must have contentType text or html and a content.", _UNREADABLE)
    changes["body"] = {"contentType": kind, "content": body.get("content", "")}


def _check_recipient_list(key: str, values: Any) -> None:
    fine = isinstance(values, list) and all(
        isinstance(value, dict)
        and isinstance(value.get("emailAddress"), dict)
        and isinstance(value["emailAddress"].get("address"), str)
        and isinstance(value["emailAddress"].get("name"), str | None)
        for value in values
    )
    if not fine:
        text = f"The property '{key}' must hold recipients of the form {{'emailAddress': {{'address': ...}}}}."
        raise bad_request(text, _UNREADABLE)


def _check_headers(headers: Any) -> None:
    if not isinstance(headers, list) or not all(
        isinstance(header, dict) and isinstance(header.get("name"), str) and isinstance(header.get("value"), str)
        for header in headers
    ):
        raise bad_request("The property 'internetMessageHeaders' must hold names and values.", _UNREADABLE)
    for header in headers:
        if not header["name"].lower().startswith("x-"):
            text = f"The internet message header name '{header['name']}' should start with 'x-' or 'X-'."
            raise bad_request(text, "InvalidInternetMessageHeader")
    if len(headers) > MAX_HEADERS:
        text = f"Maximum number of headers in one message should be less than or equal to {MAX_HEADERS}."
        raise bad_request(text, "InvalidInternetMessageHeaderCollection")


def _check_properties(properties: Any) -> None:
    named = r"string (0x[0-9a-f]{1,8}|\{[0-9a-f-]{36}\} (name .+|id 0x[0-9a-f]{1,8}))"
    listed: list[Any] = properties if isinstance(properties, list) else [None]
    for prop in listed:
        fine = isinstance(prop, dict) and isinstance(prop.get("id"), str) and isinstance(prop.get("value"), str)
        if not fine or not re.fullmatch(named, prop["id"].strip(), re.IGNORECASE):
            shown = prop.get("id") if isinstance(prop, dict) else prop
            text = (
                f"PropertyId values may only be in one of the following formats: 'MapiPropertyType Id', ... ({shown})."
            )
            raise bad_request(text, "ErrorInvalidProperty")


def _check_attachments(attachments: Any) -> None:
    listed: list[Any] = attachments if isinstance(attachments, list) else [None]
    for attachment in listed:
        try:
            base64.b64decode(attachment["contentBytes"], validate=True)
        except (TypeError, KeyError, ValueError, binascii.Error):
            raise bad_request("An attachment needs name and base64 contentBytes.", _UNREADABLE) from None


def check_sendable(content: dict[str, Any], own_address: str) -> None:
    """Whether Exchange would take a message for delivery. Raises GraphError (400, 403)."""
    people = [person for key in _RECIPIENT_LISTS[:3] for person in recipients(content.get(key, []))]
    start = "At least one recipient is not valid., "
    if not people:
        text = f"{start}A message can't be sent because it contains no recipients."
        raise bad_request(text, "ErrorInvalidRecipients")
    for _, address in people:
        if not ADDRESS.fullmatch(address):
            text = f"{start}Recipient '{address}' is not resolved. All recipients must be resolved before"
            raise bad_request(f"{text} a message can be submitted.", "ErrorInvalidRecipients")
    if len(people) > MAX_RECIPIENTS:
        raise bad_request("The number of recipients exceeds the limit of 500.", "ErrorExceededMaxRecipientLimit")
    sender = recipients([content["from"]])[0][1]
    if sender.lower() != own_address.lower():
        text = (
            "The user account which was used to submit this request does not have the right to send mail on behalf "
            "of the specified sending account."
        )
        raise GraphError(403, "ErrorSendAsDenied", text)


def wire(message: Message, immutable: bool) -> dict[str, Any]:
    """The whole message as a client may see it, before $select and $expand."""
    content = message.content
    body = content.get("body") or {"contentType": "text", "content": ""}
    shown_id = message.immutable_id if immutable else message.regular_id
    return {
        "@odata.etag": f'W/"{content["changeKey"]}"',
        "id": shown_id,
        "createdDateTime": content["createdDateTime"],
        "lastModifiedDateTime": content["lastModifiedDateTime"],
        "changeKey": content["changeKey"],
        "categories": content.get("categories", []),
        "receivedDateTime": content["receivedDateTime"],
        "sentDateTime": content["sentDateTime"],
        "hasAttachments": bool(content.get("attachments")),
        "internetMessageId": content["internetMessageId"],
        "subject": content.get("subject") or "",
        "bodyPreview": preview(body),
        "importance": content.get("importance") or "normal",
        "parentFolderId": folder_id(message.mailbox, message.folder),
        "conversationId": content["conversationId"],
        "conversationIndex": content["conversationIndex"],
        "isDeliveryReceiptRequested": content.get("isDeliveryReceiptRequested", False),
        "isReadReceiptRequested": content.get("isReadReceiptRequested", False),
        "isRead": content.get("isRead", False),
        "isDraft": content["isDraft"],
        "webLink": f"https://outlook.office365.com/owa/?ItemID={quote(shown_id, safe='')}&exvsurl=1",
        "inferenceClassification": content.get("inferenceClassification", "focused"),
        "body": body,
        "sender": content["sender"],
        "from": content["from"],
        **{key: content.get(key, []) for key in _RECIPIENT_LISTS},
        "flag": content.get("flag", {"flagStatus": "notFlagged"}),
        **{key: content.get(key, []) for key in _ON_REQUEST},
    }


def shape(item: dict[str, Any], select: Iterable[str] | None, expands: list[Expand]) -> dict[str, Any]:
    """Apply $select and $expand to a wire message; the id and the etag are always there."""
    expanded = {
        expand.name: found
        for expand in expands
        if (found := [element for element in item[expand.name] if expand.matches(element)])
    }
    wanted = {name.strip() for name in select} if select is not None else set(item) - _ON_REQUEST
    unknown = wanted - PROPERTIES - set(item)
    if unknown:
        text = f"Could not find a property named '{sorted(unknown)[0]}' on type 'Microsoft.OutlookServices.Message'."
        raise bad_request(text, "RequestBroker--ParseUri")
    always = {"@odata.etag", "id"}
    hidden = _ON_REQUEST - {"internetMessageHeaders"}
    kept = {key: value for key, value in item.items() if (key in wanted and key not in hidden) or key in always}
    return {**kept, **expanded}
