"""The obvious way to make mails: each one compiled, filled in, inlined, turned into text and into a MIME message anew.

Reads one JSON object from stdin (templates, leads, signature, footer, count) and prints one with the CPU seconds.
"""

from __future__ import annotations

import json
import sys
import time
from email.message import EmailMessage

import css_inline
import html2text
from jinja2 import Environment

HTML, TEXT = Environment(autoescape=True), Environment()


def make(template: dict[str, str], lead: dict[str, object], footer: str) -> bytes:
    """One mail."""
    body = HTML.from_string(template["body"]).render(**lead)
    inlined = css_inline.inline(f"<html><body>{body}{footer}</body></html>")
    mail = EmailMessage()
    mail["Subject"] = TEXT.from_string(template["subject"]).render(**lead)
    mail["To"] = str(lead["email"])
    mail["From"] = "ada@contoso.example"
    mail.set_content(html2text.html2text(inlined))
    mail.add_alternative(inlined, subtype="html")
    return mail.as_bytes()


def main() -> None:
    """Make them all."""
    work = json.load(sys.stdin)
    templates, leads, footer = work["templates"], work["leads"], work["footer"]
    size = len(make(templates[0], leads[0], footer))
    best = None
    for _ in range(work["rounds"]):
        start = time.process_time()
        for number in range(work["count"]):
            size += len(make(templates[number % len(templates)], leads[number % len(leads)], footer))
        spent = time.process_time() - start
        best = spent if best is None else min(best, spent)
    json.dump({"seconds": best, "bytes": size}, sys.stdout)


if __name__ == "__main__":
    main()
