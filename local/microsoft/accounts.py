"""The people and the applications the stand-in knows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_NAMESPACE = uuid.UUID("5f0c2a52-7a65-4f7e-9a3e-3a4b6b1c9d10")
TENANT_ALIASES = frozenset({"common", "organizations", "consumers"})


@dataclass(frozen=True)
class Account:
    """One person with a mailbox; the ids follow from the address, so they are the same in every run."""

    address: str
    name: str
    sign_in_name: str = ""
    """The name they sign in with (userPrincipalName), where it is not the address."""

    @property
    def principal(self) -> str:
        """The name they sign in with."""
        return self.sign_in_name or self.address

    @property
    def object_id(self) -> str:
        """The user's immutable id (claim `oid`)."""
        return str(uuid.uuid5(_NAMESPACE, f"user:{self.address.lower()}"))

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def tenant_id(self) -> str:
        """The directory the user belongs to (claim `tid`): one per mail domain."""
        return str(uuid.uuid5(_NAMESPACE, f"tenant:{self.domain.lower()}"))

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.name.split()[:2]).upper() or "?"


DEMO_ACCOUNTS = (
    Account("ada@contoso.example", "Ada Lovelace"),
    Account("grace@contoso.example", "Grace Hopper"),
    Account("katherine@contoso.example", "Katherine Johnson"),
    Account("alan@fabrikam.example", "Alan Turing"),
)


@dataclass(frozen=True)
class Client:
    """A registered application. With a secret it is confidential, without one public.

    An application nobody registered may sign in too, as a public one with any redirect address.
    """

    client_id: str
    secret: str | None = None
    redirect_uris: tuple[str, ...] = field(default=())

    def allows_redirect(self, redirect_uri: str) -> bool:
        """Whether codes may be sent there; no address registered means any."""
        return not self.redirect_uris or any(_same_redirect(known, redirect_uri) for known in self.redirect_uris)


def _same_redirect(registered: str, asked: str) -> bool:
    if registered == asked:
        return True
    known, given = urlsplit(registered), urlsplit(asked)
    # The port of a loopback address is not compared (RFC 8252, 7.3; Microsoft does the same for localhost).
    loopback = known.hostname in {"localhost", "127.0.0.1"} and known.scheme == "http"
    return loopback and (known.scheme, known.hostname, known.path) == (given.scheme, given.hostname, given.path)


class Directory:
    """Looks accounts up by address or object id."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.accounts = tuple(accounts)
        self._by_key = {
            key: account for account in self.accounts for key in (account.address.lower(), account.object_id)
        }

    def find(self, key: str) -> Account | None:
        """The account with this address or object id, case-insensitively."""
        return self._by_key.get(key.strip().lower())

    def in_tenant(self, tenant: str) -> tuple[Account, ...]:
        """Who may sign in at a tenant path: everybody at `common` and its like, else the directory's own users."""
        wanted = tenant.lower()
        if wanted in TENANT_ALIASES:
            return self.accounts
        return tuple(a for a in self.accounts if wanted in (a.tenant_id, a.domain.lower()))
