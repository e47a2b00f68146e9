"""Requests and responses of the endpoints about the suppression list. Shared with the console."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictStr

from leadgen.api.schemas import Request, Response, Text

MAX_AT_ONCE = 400

Kind = Literal["email", "phone", "domain"]
Value = Annotated[StrictStr, Field(min_length=3, max_length=320)]


class Suppress(Request):
    """Puts an email, phone or domain on the list of those never to be written to."""

    kind: Kind
    value: Value
    reason: Text = "asked for"


class Unsuppress(Request):
    """Takes an email, phone or domain off the list. Whoever opted out by themselves is taken off by an admin only."""

    kind: Kind
    value: Value
    reason: Annotated[StrictStr, Field(min_length=3, max_length=500)]


class ImportedEntry(Request):
    """A line of a list. Unlike in `Suppress` a bad one is no error of the whole request: it is told by its place."""

    kind: Annotated[StrictStr, Field(max_length=20)] = ""
    """email, phone or domain; empty to tell by the value."""
    value: Annotated[StrictStr, Field(max_length=2_000)]
    reason: Text = ""


class ImportSuppressions(Request):
    """Puts many on the list. The same list may be handed in again: what is on it stays as it is."""

    entries: Annotated[list[ImportedEntry], Field(min_length=1, max_length=MAX_AT_ONCE)]
    reason: Text = "imported"
    """For entries that name none."""


class RejectedEntry(Response):
    """An entry that is neither an email, nor a phone, nor a domain."""

    index: int
    """Its place in the request, from 0."""
    value: str
    reason: str


class SuppressionsImported(Response):
    """What became of the entries."""

    added: int
    known: int
    """On the list before, or twice in the request."""
    rejected: list[RejectedEntry]
