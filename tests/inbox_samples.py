"""The collected mails that come in (see tests/data/inbox/README.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data" / "inbox"
LEAD, OURS = "lead@lead.example", "<ours@contoso.example>"
_USUAL = {
    "From": f"Ann Lead <{LEAD}>",
    "To": "ada@contoso.example",
    "Subject": "Re: For you",
    "Message-ID": "<answer@lead.example>",
    "In-Reply-To": OURS,
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Transfer-Encoding": "8bit",
}


@dataclass(frozen=True)
class Sample:
    """A mail that came in, and what it is.

    Args:
        kind: see `leadgen.mail.inbox.classify.Kind`.
        name: of the sample.
        raw: the mail.
        known: whether it answers a mail of ours or comes from the lead.
    """

    kind: str
    name: str
    raw: bytes
    known: bool

    @property
    def is_kept_back(self) -> bool:
        """Whether nobody looks at it while the rules are made."""
        return int(hashlib.sha256(self.name.encode()).hexdigest(), 16) % 3 == 0


def samples() -> list[Sample]:
    """All of them, file by file."""
    return [sample for file in sorted(DATA.glob("*.txt")) for sample in _read(file)]


def _read(file: Path) -> Iterator[Sample]:
    for part in file.read_text(encoding="utf-8").split("\n=== "):
        title, _, rest = part.removeprefix("=== ").partition("\n")
        kind, _, name = title.partition(" | ")
        yield _made(kind.strip(), name.strip(), rest.rstrip("\n"))


def _made(kind: str, name: str, rest: str) -> Sample:
    lines = rest.split("\n")
    headers, dsn, encloses = dict(_USUAL), "", False
    while lines and _is_head(lines[0]):
        line = lines.pop(0)
        if line.startswith("@dsn "):
            dsn = line.removeprefix("@dsn ")
        elif line == "@rfc822":
            encloses = True
        else:
            field, _, value = line.partition(":")
            headers[field] = value.strip()
    text = "\n".join(lines[1:] if lines and not lines[0] else lines)
    kept = {field: value for field, value in headers.items() if value or field.startswith("X-")}
    if dsn:
        kept, text = _report(kept, text, dsn, encloses)
    head = "".join(f"{field}: {value}\n" for field, value in kept.items())
    known = bool(headers["In-Reply-To"]) or LEAD in headers["From"]
    return Sample(kind, name, f"{head}\n{text}\n".encode(), known)


def _is_head(line: str) -> bool:
    name = line.partition(":")[0]
    return line.startswith("@") or (
        ":" in line and name.replace("-", "").isalnum() and name[:1].isupper() and " " not in name
    )


def _report(headers: dict[str, str], text: str, dsn: str, encloses: bool) -> tuple[dict[str, str], str]:
    status, action, words = (part.strip() for part in dsn.split(" | "))
    kept = {
        field: value for field, value in headers.items() if field not in {"In-Reply-To", "Content-Transfer-Encoding"}
    }
    kept["Content-Type"] = 'multipart/report; report-type=delivery-status; boundary="report"'
    kind = "message/rfc822" if encloses else "text/rfc822-headers"
    return kept, (
        f"--report\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\n"
        "--report\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.contoso.example\n\n"
        f"Original-Recipient: rfc822;{LEAD}\nFinal-Recipient: rfc822; {LEAD}\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: {words}\n\n"
        f"--report\nContent-Type: {kind}\n\nFrom: ada@contoso.example\nTo: {LEAD}\nMessage-ID: {OURS}\n"
        "Subject: For you\n\n"
        "Hi there. Reply STOP and we will not write to you again.\n--report--\n"
    )
