"""The obvious ways to make mails, the fastest first:

    json         templates compiled once; css-inline and html2text for each mail; the JSON for Microsoft Graph
    mime         the same, with an `email.message` for SMTP in place of the JSON
    from_string  like mime, and the template compiled for each mail, as one does who keeps it in a database

The Jinja environments and css-inline's inliner are made once. Reads one JSON object from stdin (templates, leads,
ending, counts by way) and prints one: the CPU seconds by way.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from email.message import EmailMessage

import css_inline
import html2text
from jinja2 import Environment

HTML, TEXT = Environment(autoescape=True), Environment()
INLINER = css_inline.CSSInliner()
Source = tuple[str, str]
"""Subject and body of a template."""
Filled = tuple[str, str, str, str]
"""Recipient, subject, HTML and text of a mail."""


def compiled_once(sources: list[Source]) -> Callable[[int, dict[str, object], str], Filled]:
    """Fills in the template of a number, compiled now."""
    ready = [(TEXT.from_string(subject), HTML.from_string(body)) for subject, body in sources]

    def fill(number: int, lead: dict[str, object], ending: str) -> Filled:
        subject, body = ready[number]
        return finished(lead, subject.render(**lead), body.render(**lead), ending)

    return fill


def compiled_each(sources: list[Source]) -> Callable[[int, dict[str, object], str], Filled]:
    """Compiles the template of a number and fills it in."""

    def fill(number: int, lead: dict[str, object], ending: str) -> Filled:
        subject, body = sources[number]
        made = HTML.from_string(body).render(**lead)
        return finished(lead, TEXT.from_string(subject).render(**lead), made, ending)

    return fill


def finished(lead: dict[str, object], subject: str, body: str, ending: str) -> Filled:
    """The mail with its styles inlined and its plain text."""
    inlined = INLINER.inline(f"<html><body>{body}{ending}</body></html>")
    return str(lead["email"]), subject, inlined, html2text.html2text(inlined)


def as_json(mail: Filled) -> bytes:
    """As Microsoft Graph takes it."""
    to, subject, html, _ = mail
    message = {
        "subject": subject,
        "body": {"contentType": "HTML", "content": html},
        "toRecipients": [{"emailAddress": {"address": to}}],
    }
    return json.dumps(message).encode()


def as_mime(mail: Filled) -> bytes:
    """As SMTP takes it."""
    to, subject, html, text = mail
    message = EmailMessage()
    message["Subject"], message["To"], message["From"] = subject, to, "ada@contoso.example"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


WAYS = {"json": (compiled_once, as_json), "mime": (compiled_once, as_mime), "from_string": (compiled_each, as_mime)}


def main() -> None:
    """Make them all, each way."""
    work = json.load(sys.stdin)
    sources = [(template["subject"], template["body"]) for template in work["templates"]]
    leads, ending, seconds = work["leads"], work["ending"], {}
    for way, count in work["counts"].items():
        fill, write = WAYS[way][0](sources), WAYS[way][1]
        write(fill(0, leads[0], ending))
        start = time.process_time()
        for number in range(count):
            write(fill(number % len(sources), leads[number % len(leads)], ending))
        seconds[way] = time.process_time() - start
    json.dump(seconds, sys.stdout)


if __name__ == "__main__":
    main()
