"""Reading a robots.txt file and matching URLs against it, as RFC 9309 has it. No I/O.

Where the RFC leaves room, this does what Google's published parser does: the usual misspellings count, a line without
its colon too, a byte order mark is skipped, and `Allow: /a/index.html` allows `/a/`. Where a line can be read in two
ways, the stricter one is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_LONGEST_LINE = 8 * 2083 - 1
"""Bytes of a line that are read; as in Google's parser, the rest is cut off."""
_MOST_RULES = 20_000
"""Rules of one agent that are kept; 500 KiB of text hardly hold more."""
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
_BYTE_ORDER_MARK = re.compile(rb"\A(?:\xef(?:\xbb\xbf?)?)?")
_PRODUCT = re.compile(r"[^\s/]+")
_COMPATIBLE = re.compile(r"\(compatible;\s*([^\s/;)]+)", re.IGNORECASE)
_RATE = re.compile(r"(\d{1,6})\s*/\s*(\d{1,6})\s*([smhd]?)", re.IGNORECASE)
_UNIT_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_KEYS = {
    "user-agent": "agent",
    "useragent": "agent",
    "user agent": "agent",
    "allow": "allow",
    "disallow": "disallow",
    "dissallow": "disallow",
    "dissalow": "disallow",
    "disalow": "disallow",
    "diasllow": "disallow",
    "disallaw": "disallow",
    "crawl-delay": "delay",
    "crawldelay": "delay",
    "crawl delay": "delay",
    "request-rate": "rate",
    "request rate": "rate",
}
_NO_COLON = re.compile(rf"({'|'.join(sorted(_KEYS, key=len, reverse=True))})[ \t]+(\S.*)", re.IGNORECASE)

# Characters of a path that mean the same however they are written, so that both spellings compare equal.
_AS_IS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@")
_PLAIN = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/?]*")
_OCTET = re.compile(rb"%([0-9A-Fa-f]{2})|([^A-Za-z0-9\-._~!$&'()*+,;=:@/?])", re.DOTALL)


def product_token(user_agent: str) -> str:
    """The name that a User-Agent header goes by in robots.txt, in lower case (RFC 9309 §2.2.1).

    Args:
        user_agent: such as ``Leadgen/0.1 (+mailto:ops@example.com)`` or ``Mozilla/5.0 (compatible; Leadgen/0.1)``.
    """
    compatible = _COMPATIBLE.search(user_agent)
    name = compatible[1] if compatible else next(iter(_PRODUCT.findall(user_agent)), "")
    return name.lower()


def canonical_path(text: str, *, in_query: bool = False) -> str:
    """A path with its query in the form in which it is compared (RFC 9309 §2.2.2).

    What need not be escaped is not, everything else is, with capital hex digits. An escaped slash or question mark in
    the path stays another thing than a bare one.

    Args:
        text: the path, or a part of one; undecodable bytes as surrogates.
        in_query: the part begins behind the question mark.
    """
    if _PLAIN.fullmatch(text):
        return text
    path, mark, query = ("", "", text) if in_query else text.partition("?")
    return _canonical(path, b"") + mark + _canonical(query, b"/?")


def _canonical(text: str, more_as_is: bytes) -> str:
    def octet(match: re.Match[bytes]) -> bytes:
        code = int(match[1], 16) if match[1] else match[2][0]
        return bytes([code]) if code in _AS_IS or code in more_as_is else b"%%%02X" % code

    return _OCTET.sub(octet, text.encode("utf-8", "surrogateescape")).decode("ascii")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A path pattern: parts that must follow one another, the first of them at the beginning.

    Args:
        parts: what stands between the asterisks.
        is_anchored: nothing may follow the last part.
        octets: length, which decides between patterns.
    """

    parts: tuple[str, ...]
    is_anchored: bool
    octets: int

    def matches(self, path: str) -> bool:
        first, *others = self.parts
        if not path.startswith(first):
            return False
        if not others:
            return not self.is_anchored or len(path) == len(first)
        position = len(first)
        last = others.pop()
        for part in others:
            found = path.find(part, position)
            if found < 0:
                return False
            position = found + len(part)
        if self.is_anchored:
            return len(path) - len(last) >= position and path.endswith(last)
        return path.find(last, position) >= 0


def _pattern(text: str, *, is_anchored: bool) -> _Pattern:
    parts: list[str] = []
    in_query = False
    for part in text.split("*"):
        parts.append(canonical_path(part, in_query=in_query))
        in_query = in_query or "?" in part
    octets = sum(map(len, parts)) + len(parts) - 1 + is_anchored
    # Two asterisks side by side say no more than one, but count towards the length as written.
    kept = [part for number, part in enumerate(parts) if part or number in (0, len(parts) - 1)]
    return _Pattern(tuple(kept), is_anchored, octets)


def _patterns(kind: str, text: str) -> Iterable[_Pattern]:
    """The patterns a rule stands for; an empty one says nothing."""
    if not text:
        return
    if not text.startswith(("/", "*")):
        if kind == "allow":
            return  # no path begins like this, so it allows nothing
        text = f"/{text}"  # whoever wrote this meant to forbid something
    if text.endswith("$"):
        yield _pattern(text[:-1], is_anchored=True)
        if kind == "disallow":
            yield _pattern(text, is_anchored=False)  # a file may really be named so
        return
    yield _pattern(text, is_anchored=False)
    folder, slash, page = text.rpartition("/")
    if kind == "allow" and slash and page.startswith("index.htm"):
        yield _pattern(folder + slash, is_anchored=True)


class AgentRules:
    """What one product may fetch, and how fast.

    Args:
        rules: (kind, path) of each rule, as written.
        delay_s: pause between two requests that the file asks for, in seconds.
    """

    def __init__(self, rules: Iterable[tuple[str, str]], delay_s: float) -> None:
        self.delay_s = delay_s
        compiled = [(one, kind == "allow") for kind, text in rules for one in _patterns(kind, text)]
        # The longest match decides, and between equals the one that allows (RFC 9309 §2.2.2).
        compiled.sort(key=lambda rule: (rule[0].octets, rule[1]), reverse=True)
        self._rules = tuple(compiled)
        self._special = tuple(rule for rule in compiled if len(rule[0].parts) > 1 or rule[0].is_anchored)
        self._prefixes = tuple(one.parts[0] for one, _ in compiled if len(one.parts) == 1 and not one.is_anchored)

    def allows(self, path: str) -> bool:
        """Whether a path with its query may be fetched.

        Args:
            path: begins with a slash; as it is sent, or in any spelling that means the same.
        """
        path = canonical_path(path)
        # Most rules are plain prefixes, and most paths begin with none of them.
        rules = self._rules if path.startswith(self._prefixes) else self._special
        return next((is_allowed for pattern, is_allowed in rules if pattern.matches(path)), True)


class _Group:
    """Lines that belong together: who is meant, what they may do, and how fast."""

    def __init__(self) -> None:
        self.agents: list[str] = []
        self.rules: list[tuple[str, str]] = []
        self.delays: dict[str, float] = {}
        self._just_named: list[str] = []
        self._is_naming = False

    def name(self, agent: str) -> None:
        if not self._is_naming:
            self._just_named = []
        self._is_naming = True
        self._just_named.append(agent)
        self.agents.append(agent)

    def slow_down(self, delay_s: float) -> None:
        """A pause is no rule, so it ends no group: it is for the agents named right before it, the longest counts."""
        self._is_naming = False
        for agent in self._just_named:
            self.delays[agent] = max(delay_s, self.delays.get(agent, 0.0))


class RobotsFile:
    """A robots.txt file.

    Args:
        body: the file, as sent.
    """

    def __init__(self, body: bytes) -> None:
        self._groups = _parse(body)
        self._find = lru_cache(maxsize=16)(self._compile)

    def rules_for(self, token: str) -> AgentRules:
        """The rules for a product: those of all groups that name it, else those for everybody (RFC 9309 §2.2.1).

        Args:
            token: its product token, in any case.
        """
        return self._find(token)

    def _compile(self, token: str) -> AgentRules:
        wanted = token.lower()
        groups = [one for one in self._groups if wanted in one.agents]
        if not groups:
            wanted = "*"
            groups = [one for one in self._groups if wanted in one.agents]
        rules = [rule for group in groups for rule in group.rules][:_MOST_RULES]
        return AgentRules(rules, max((group.delays.get(wanted, 0.0) for group in groups), default=0.0))


def _parse(body: bytes) -> tuple[_Group, ...]:
    groups: list[_Group] = []
    for raw in _LINE_ENDS.split(_BYTE_ORDER_MARK.sub(b"", body)):
        key, value = _key_and_value(raw[:_LONGEST_LINE].decode("utf-8", "surrogateescape"))
        if key == "agent":
            # Agents that follow one another share their rules; other lines between them change nothing (§2.2.4).
            if not groups or groups[-1].rules:
                groups.append(_Group())
            groups[-1].name(_agent(value))
        elif groups and key in ("allow", "disallow"):
            groups[-1].rules.append((key, value))
        elif groups and key in ("delay", "rate"):
            groups[-1].slow_down(_delay_s(key, value))
    return tuple(groups)


def _key_and_value(line: str) -> tuple[str, str]:
    """What a line is about, and what it says; an unknown key is an empty one."""
    text = line.partition("#")[0].strip(" \t\x00\ufeff")
    key, colon, value = text.partition(":")
    if colon and (known := _KEYS.get(key.strip().lower())):
        return known, value.strip()
    if missing := _NO_COLON.fullmatch(text):
        known, value = _KEYS[missing[1].lower()], missing[2].strip()
        # "Disallow all robots" is a sentence, not a rule.
        if known in ("agent", "rate") or " " not in value:
            return known, value
    return "", ""


def _agent(value: str) -> str:
    """The product a line names: up to the first blank or slash; an asterisk is everybody, whatever follows it."""
    name = _PRODUCT.match(value)
    return name[0].lower() if name else ""


def _delay_s(key: str, value: str) -> float:
    if key == "rate":
        rate = _RATE.match(value)
        if rate is None or not int(rate[1]) or not int(rate[2]):
            return 0.0
        return int(rate[2]) * _UNIT_S[rate[3].lower()] / int(rate[1])
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    return seconds if seconds > 0 else 0.0  # NaN is not
