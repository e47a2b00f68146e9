"""Which addresses may be fetched: public web addresses, and nothing inside the network we run in.

A host name is resolved once per connection, every address it has is checked, and the connection goes to a checked
address: a name that changes its mind between check and use (DNS rebinding) gains nothing. Each redirect is a new URL
and is checked like the first.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator
from functools import lru_cache

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that is assigned for public use (RFC 4291 §2.4); the library's table of exceptions lags behind IANA's."""
_NOT_PUBLIC_EITHER: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays
    ipaddress.IPv6Network("3fff::/20"),  # documentation
)
_NUMBER = re.compile(r"^(?:[0-9]+|0x[0-9a-f]*)$")
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+/?")
"""A path that is requested as it is written: nothing in it is escaped, resolved or left out."""
_MOST_ORIGINS = 1024
_NO_HOST = re.compile(r"[\x00-\x20\x7f%]|^\.*$")


class BlockedAddress(Exception):
    """The address may not be fetched; the message says why, in words that follow the URL."""


class AddressGuard:
    """Decides which addresses may be fetched.

    Args:
        local_hosts: `host:port` pairs that may be fetched although they are loopback addresses.
    """

    def __init__(self, local_hosts: frozenset[str] = frozenset()) -> None:
        self._local_hosts = frozenset(host.lower() for host in local_hosts)
        self._check_host = lru_cache(maxsize=1024)(self._check_named_host)
        self._origins: dict[str, URL] = {}
        """Origins met so far that passed, by how they begin the URLs of their pages."""

    def check_url(self, url: str | URL) -> URL:
        """The URL as it will be requested.

        Args:
            url: an absolute URL.

        Raises:
            BlockedAddress: it is no http(s) URL, carries a user name, or its host is an address, or a number that
                some resolvers take for one, outside the public internet.
        """
        start = url[: url.find("/", len("https://"))] if isinstance(url, str) else ""
        origin = self._origins.get(start)
        # A plain path on an origin that passed before: parsing all of it again would tell nothing new.
        if origin is not None and isinstance(url, str) and _PLAIN_PATH.fullmatch(url, len(start)):
            return origin.with_path(url[len(start) :], encoded=True)
        parsed = self._parsed(url)
        if origin is None:
            self._remember(start, parsed.origin())
        return parsed.with_fragment(None) if parsed.raw_fragment else parsed

    def _remember(self, start: str, origin: URL) -> None:
        if start == str(origin):  # written as it is requested: no other case, no user, no default port
            if len(self._origins) >= _MOST_ORIGINS:
                self._origins.clear()
            self._origins[start] = origin

    def _parsed(self, url: str | URL) -> URL:
        try:
            parsed = URL(url)
            host, port = parsed.raw_host or "", parsed.port or 0
        except (ValueError, TypeError) as error:
            raise BlockedAddress(f"not a valid URL ({error})") from error
        if parsed.scheme not in ("http", "https"):
            raise BlockedAddress("only http and https addresses are fetched")
        if not port or _NO_HOST.search(host):
            raise BlockedAddress("the URL names no valid host and port")
        if parsed.user is not None or parsed.password is not None:
            raise BlockedAddress("a URL with a user name or password is not fetched")
        self._check_host(host, port)
        return parsed

    def check_address(self, host: str, port: int, address: str) -> None:
        """Check one address that a host resolved to.

        Raises:
            BlockedAddress: the address is not on the public internet, and the host is not a permitted local one.
        """
        parsed = ipaddress.ip_address(address.partition("%")[0])
        if f"{host.lower()}:{port}" in self._local_hosts and parsed.is_loopback:
            return
        if "%" in address or not all(_is_public(one) for one in _unwrapped(parsed)):
            raise BlockedAddress(f"{host} is at {address}, which is not an address on the public internet")

    def _check_named_host(self, host: str, port: int) -> None:
        try:
            ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            # A last label that is a number makes the whole host an IPv4 address in some spelling (WHATWG URL §3.5):
            # decimal, octal, hexadecimal, shortened, or with a final dot. Only the plain spelling is accepted.
            if _NUMBER.match(host.rstrip(".").rpartition(".")[2].lower()):
                raise BlockedAddress(f"{host} is a number, not a host name") from None
            return
        self.check_address(host, port, host)


class GuardedResolver(AbstractResolver):
    """Resolves host names to checked addresses only; aiohttp connects to exactly what this returns.

    Args:
        guard: decides about each address.
        resolver: does the look-up; the system's by default.
    """

    def __init__(self, guard: AddressGuard, resolver: AbstractResolver | None = None) -> None:
        self._guard = guard
        self._resolver = resolver or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host.

        Raises:
            BlockedAddress: any one of them is not permitted: a host with one foot inside is not trusted at all.
        """
        results = await self._resolver.resolve(host, port, family)
        for result in results:
            self._guard.check_address(host, port, result["host"])
        return results

    async def close(self) -> None:
        """Release the underlying resolver."""
        await self._resolver.close()


def _unwrapped(address: _Address) -> Iterator[_Address]:
    """The address, and any IPv4 address it carries a packet to."""
    yield address
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address in _NAT64 or address in _IPV4_COMPATIBLE:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def _is_public(address: _Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None or address in _NAT64:
            return True  # the IPv4 address inside decides
        if address not in _GLOBAL_UNICAST:
            return False
    if any(address in network for network in _NOT_PUBLIC_EITHER):
        return False
    return address.is_global and not address.is_multicast and not address.is_unspecified
