"""Reading saved files; all that a process of the pool needs, and little more, for each of them imports it."""

from __future__ import annotations

from leadgen.process.page import extract_page, extract_text
from leadgen.trial.inputs import Input, Text, Unreadable, read_file
from leadgen.trial.records import Record, page_record, unread_page_record


def read_one(one: Input, region: str) -> Record:
    """The record of a file."""
    try:
        return text_record(one.name, read_file(one.name), region)
    except Unreadable as error:
        return unread_page_record(one.name, str(error))
    except Exception as error:
        # One page that breaks a parser must not cost the others.
        return unread_page_record(one.name, f"the page can't be read ({type(error).__name__})")


def read_many(chunk: list[Input], region: str) -> list[Record]:
    """The records of several files; runs in a process of the pool."""
    return [read_one(one, region) for one in chunk]


def text_record(name: str, text: Text, region: str, *, demo: bool = False) -> Record:
    """The record of what was read.

    Args:
        name: path, address, or "-".
        text: what was read.
        region: ISO 3166 code of the country whose numbers may be written without a country code.
        demo: addresses under the reserved ``.example`` are somebody's.
    """
    if text.is_html:
        page = extract_page(text.text, text.url, region=region, allow_reserved_domains=demo)
    else:
        page = extract_text(text.text, region=region, allow_reserved_domains=demo)
    record = page_record(name, page)
    return record | {"title": text.title} if text.title else record
