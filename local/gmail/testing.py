"""The stand-in inside a test, over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.gmail.app import build_app
from local.gmail.login import consent
from local.gmail.state import State
from local.microsoft.certificate import ensure_certificates
from local.serving import running

ADA = "ada@fabrikam.example"


@dataclass(frozen=True)
class RunningGmail:
    """A stand-in that serves."""

    url: str
    ca_file: Path
    state: State

    def consent(self, auth_url: str, account: str = ADA, *, scope: str | None = None) -> dict[str, str]:
        """What a person's click on "Allow" gives: `code`, `state`."""
        return consent(self.state, auth_url, account, scope=scope)


@contextmanager
def running_gmail(folder: Path, state: State | None = None) -> Iterator[RunningGmail]:
    """Serve on a free port for as long as the block lasts."""
    files, known = ensure_certificates(folder / "certificates"), state or State()
    with running(build_app(known), ssl_context=files.ssl_context()) as url:
        yield RunningGmail(url, files.ca_file, known)
