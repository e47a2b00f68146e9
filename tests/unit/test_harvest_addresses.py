"""Only public web addresses are fetched, however a URL spells another one."""

from __future__ import annotations

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from leadgen.harvest.addresses import AddressGuard, BlockedAddress, GuardedResolver


class Names(AbstractResolver):
    """Resolves every name to the next of the given lists of addresses."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            {"hostname": host, "host": one, "port": port, "family": family, "proto": 0, "flags": 0}
            for one in self.answers.pop(0)
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/",
        "javascript:alert(1)",
        "//example.com/",
        "/path",
        "",
        "http:///nohost",
        "http://user@example.com/",
        "http://user:secret@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://exam ple.com/",
        "http://example.com:99999/",
        "http://127.0.0.1/",
        "http://127.0.0.1./",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://①②⑦.0.0.1/",
        "http://0/",
        "http://0.0.0.0/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::]/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fd00::1]/",
        "http://[fec0::1]/",
        "http://[fe80::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[ff0e::1]/",
        "http://[::ffff:0:7f00:1]/",
        "http://[64:ff9b:1::a9fe:a9fe]/",
        "http://[100::1]/",
        "http://[2001:0:7f00:1::]/",
        "http://[3fff::1]/",
        "http://[5f00::1]/",
        "http://192.0.0.8/",
        "http://192.88.99.1/",
        "http://198.18.0.1/",
        "http://240.0.0.1/",
        "http://127。0。0。1/",
        "http://%31%32%37.0.0.1/",
        "http://127%2e0%2e0%2e1/",
        "http://127.0.0.1%00.example.com/",
        "http://[::ffff:127.0.0.1%251]/",
        "http://017700000001/",
        "http://./",
        "http://example.com:0/",
    ],
)
def test_addresses_outside_the_public_internet_are_refused(url: str) -> None:
    with pytest.raises(BlockedAddress):
        AddressGuard().check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://example.com:8443/a?b=c",
        "http://93.184.216.34/",
        "http://[2606:4700::1111]/",
        "http://[::ffff:93.184.216.34]/",
        "http://[64:ff9b::808:808]/",
        "http://7eleven.example/",
        "http://bücher.example/",
    ],
)
def test_public_addresses_pass(url: str) -> None:
    AddressGuard().check_url(url)


def test_a_fragment_is_not_part_of_a_request() -> None:
    assert str(AddressGuard().check_url("http://example.com/a#b")) == "http://example.com/a"


def test_loopback_passes_for_a_listed_host_and_port_only() -> None:
    guard = AddressGuard(frozenset({"127.0.0.1:8080"}))
    guard.check_url("http://127.0.0.1:8080/")
    for other in ("http://127.0.0.1:8081/", "http://127.0.0.1/", "http://127.0.0.2:8080/", "http://[::1]:8080/"):
        with pytest.raises(BlockedAddress):
            guard.check_url(other)


def test_a_listed_name_may_be_loopback_but_nothing_else_inside() -> None:
    guard = AddressGuard(frozenset({"Demo.test:8080"}))
    guard.check_address("demo.test", 8080, "127.0.0.1")
    with pytest.raises(BlockedAddress):
        guard.check_address("demo.test", 8080, "10.0.0.1")


async def test_a_name_with_one_inner_address_is_refused_whole() -> None:
    resolver = GuardedResolver(AddressGuard(), Names(["93.184.216.34", "169.254.169.254"]))
    with pytest.raises(BlockedAddress, match=r"169\.254\.169\.254"):
        await resolver.resolve("example.com", 80)


async def test_a_name_that_changes_its_mind_is_checked_at_each_resolution() -> None:
    resolver = GuardedResolver(AddressGuard(), Names(["93.184.216.34"], ["127.0.0.1"]))
    assert [one["host"] for one in await resolver.resolve("rebind.example", 80)] == ["93.184.216.34"]
    with pytest.raises(BlockedAddress):
        await resolver.resolve("rebind.example", 80)


PATHS = (
    *("", "/", "/a", "/a/", "/a/b.html", "/a.b/c~d_e-f", "/a/../b", "/a/./b", "/.a", "/a/..", "//a", "/a//b", "/a b"),
    *("/ü", "/%7Ea", "/%2e%2e/a", "/a%2Fb", "/a?b=c", "/a?b=ü", "/a?", "/a#b", "/a#", "/a;b", "/a+b", "/a@b", "/a:b"),
    *("/a\r\nb", "/a\nb", "/a\n", "/a\x00", "/a\\b", "?a", "#a"),
)
ORIGINS = (
    *(
        "http://example.com",
        "https://example.com",
        "HTTP://EXAMPLE.COM",
        "http://example.com:80",
        "http://example.com:81",
    ),
    *(
        "http://user@example.com",
        "http://example.com@10.0.0.1",
        "http://127.0.0.1",
        "http://0x7f.1",
        "http://example.co",
    ),
    *("http://bücher.example", "http://example.com.", "http://[::1]", "http:///example.com", "ftp://example.com", ""),
    *("http://example.com?x=", "http://example.com#x", "http://example.com?x=y&z"),
)


@pytest.mark.parametrize("origin", ORIGINS)
def test_what_a_guard_has_seen_before_changes_nothing(origin: str) -> None:
    seen = AddressGuard(frozenset({"127.0.0.1:8000"}))
    for known in ORIGINS:
        _verdict(seen, f"{known}/known")
    for path in PATHS:
        url = origin + path
        assert _verdict(seen, url) == _verdict(AddressGuard(frozenset({"127.0.0.1:8000"})), url), url


def _verdict(guard: AddressGuard, url: str) -> tuple[str, ...]:
    try:
        checked = guard.check_url(url)
    except BlockedAddress as error:
        return ("blocked", str(error))
    return (str(checked), checked.raw_host or "", str(checked.port), checked.raw_path_qs, checked.raw_fragment)
