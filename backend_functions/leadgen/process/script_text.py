"""Reads the strings a script puts together: just enough of JavaScript to join constants, nothing is run.

Known are string and template literals, constants bound to names, ``+``, ``[…].join``, ``split/reverse/join``,
``replace`` of literals, ``String.fromCharCode``, ``unescape``, ``decodeURIComponent`` and ``atob``. Whatever else
stands in an expression ends it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from leadgen.process.unscramble import from_base64, rot13

MAX_SCRIPT = 20_000
MAX_STEPS = 20_000
MAX_STRING = 4_000
MAX_DEPTH = 12

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.){0,4000}"|'(?:[^'\\\n]|\\.){0,4000}'|`(?:[^`\\]|\\.){0,4000}`)
    |(?P<skip>\s+|//[^\n]*|/\*.{0,2000}?\*/|<!--)
    |(?P<pattern>(?<=[(,=])/(?:[^/\\\n*]|\\.)(?:[^/\\\n]|\\.){0,200}/[gimuy]*)
    |(?P<name>[A-Za-z_$][\w$]{0,60}(?:\.[A-Za-z_$][\w$]{0,60}){0,6})
    |(?P<number>0x[0-9a-fA-F]{1,6}|\d{1,7})
    |(?P<sign>\+=|.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)
_HOLE = re.compile(r"\$\{\s*([\w$.]{1,60})\s*\}")
_LITERAL = re.compile(r"/((?:[^\\\[\](){}.*+?^$|/]|\\[^\w])+)/[gimuy]*\Z")
_DECODERS: dict[str, Callable[[str], str]] = {
    "unescape": unquote,
    "decodeURIComponent": unquote,
    "decodeURI": unquote,
    "atob": from_base64,
}
_SINKS = re.compile(r"(?:write(?:ln)?|innerHTML|outerHTML|insertAdjacentHTML|href|location|open|html|append)\Z")


@dataclass(frozen=True)
class Made:
    """A string of a script.

    Args:
        text: the string.
        parts: of how many pieces it was put together; what was decoded counts as two.
        shown: it is written into the page or opened.
    """

    text: str
    parts: int
    shown: bool


@dataclass(frozen=True)
class Call:
    """A call with nothing but strings: ``name("a", "b")``."""

    name: str
    arguments: tuple[str, ...]


@dataclass
class _Value:
    text: str
    parts: int = 1
    entries: list[str] | None = None


@dataclass
class _Reader:
    tokens: list[tuple[str, str]]
    names: dict[str, _Value] = field(default_factory=dict)
    steps: int = 0

    def at(self, place: int) -> tuple[str, str]:
        return self.tokens[place] if place < len(self.tokens) else ("end", "")

    def sum(self, place: int, depth: int = 0) -> tuple[_Value | None, int]:
        """The terms joined by "+" from a place on, as far as they are known."""
        value, place = self.term(place, depth)
        while value is not None and self.at(place) == ("sign", "+"):
            more, after = self.term(place + 1, depth)
            if more is None:
                break
            value, place = _Value((value.text + more.text)[:MAX_STRING], value.parts + more.parts), after
        return value, place

    def term(self, place: int, depth: int) -> tuple[_Value | None, int]:
        self.steps += 1
        kind, text = self.at(place)
        if self.steps > MAX_STEPS or depth > MAX_DEPTH:
            return None, place + 1
        value: _Value | None = None
        after = place + 1
        if kind == "string":
            value = self._literal(text)
        elif kind == "name":
            value, after = self._named(text, place, depth)
        elif text == "(":
            value, after = self.sum(place + 1, depth + 1)
            value, after = (value, after + 1) if self.at(after)[1] == ")" else (None, place + 1)
        elif text == "[":
            entries, after = self._list(place + 1, "]", depth)
            value = _Value("".join(entries), max(2, len(entries)), entries) if entries else None
        return self._methods(value, after, depth) if value is not None else (None, place + 1)

    def _named(self, text: str, place: int, depth: int) -> tuple[_Value | None, int]:
        last = text.rsplit(".", 1)[-1]
        if self.at(place + 1)[1] == "(":
            if last in _DECODERS:
                inner, after = self.sum(place + 2, depth + 1)
                return (None if inner is None else _Value(_DECODERS[last](inner.text), 2)), after + 1
            if text == "String.fromCharCode":
                codes, after = self._numbers(place + 2)
                return _Value("".join(map(chr, codes)), 2), after
        if text in self.names:
            return self.names[text], place + 1
        head, _, method = text.rpartition(".")
        if head in self.names and self.at(place + 1)[1] == "(":
            self.tokens[place] = ("name", method)
            known = self.names[head]
            return self._method(_Value(known.text, known.parts, known.entries), method, place + 1, depth)
        return None, place + 1

    def _methods(self, value: _Value, place: int, depth: int) -> tuple[_Value, int]:
        while self.at(place)[1] == "." and self.at(place + 2)[1] == "(" and self.steps <= MAX_STEPS:
            self.steps += 1
            changed, after = self._method(value, self.at(place + 1)[1], place + 2, depth)
            if changed is None:
                break
            value, place = changed, after
        return value, place

    def _method(self, value: _Value, name: str, place: int, depth: int) -> tuple[_Value | None, int]:
        """A method's result; `place` is that of its opening bracket."""
        after = self._closing(place)
        if name == "reverse":
            entries = value.entries[::-1] if value.entries else None
            return _Value(value.text[::-1], value.parts + 1, entries), after
        if name in ("split", "toString", "trim"):
            return value, after
        if name == "toLowerCase":
            return _Value(value.text.lower(), value.parts), after
        if name == "join":
            between, _ = self.sum(place + 1, depth + 1)
            glue = between.text if between else ""
            return (_Value(glue.join(value.entries), value.parts) if value.entries else value), after
        if name == "concat":
            entries, _ = self._list(place + 1, ")", depth)
            return _Value((value.text + "".join(entries))[:MAX_STRING], value.parts + len(entries)), after
        if name == "replace":
            return self._replaced(value, place, after, depth), after
        return None, after

    def _replaced(self, value: _Value, place: int, after: int, depth: int) -> _Value:
        kind, written = self.at(place + 1)
        old = self._literal(written).text if kind == "string" else ""
        if kind == "pattern" and (literal := _LITERAL.match(written)):
            old = literal[1].replace("\\", "")
        new = self.sum(place + 3, depth + 1)[0] if self.at(place + 2)[1] == "," else None
        if old and new is not None:
            return _Value(value.text.replace(old, new.text)[:MAX_STRING], value.parts + 1)
        turns = any(token == ("number", "13") for token in self.tokens[place : min(after, place + 200)])
        return _Value(rot13(value.text), value.parts + 1) if turns else value

    def _closing(self, place: int) -> int:
        open_ = 0
        for position in range(place, min(len(self.tokens), place + 400)):
            self.steps += 1
            open_ += {"(": 1, ")": -1}.get(self.tokens[position][1], 0) if self.tokens[position][0] == "sign" else 0
            if open_ == 0:
                return position + 1
        return place + 1

    def _list(self, place: int, end: str, depth: int) -> tuple[list[str], int]:
        entries: list[str] = []
        while self.at(place)[1] != end and len(entries) < 64:
            value, place = self.sum(place, depth + 1)
            if value is None:
                return [], place
            entries.append(value.text)
            if self.at(place)[1] != ",":
                break
            place += 1
        return (entries, place + 1) if self.at(place)[1] == end else ([], place)

    def _numbers(self, place: int) -> tuple[list[int], int]:
        codes: list[int] = []
        while self.at(place)[0] == "number" and len(codes) < 400:
            codes.append(
                min(int(self.at(place)[1], 0) if self.at(place)[1][:2] == "0x" else int(self.at(place)[1]), 0xFFFF)
            )
            place += 1
            if self.at(place)[1] == ",":
                place += 1
        return codes, place + 1

    def _literal(self, written: str) -> _Value:
        text = _ESCAPE.sub(_unescaped, written[1:-1])
        if written[0] != "`" or "${" not in text:
            return _Value(text)
        filled = _HOLE.sub(lambda hole: self.names[hole[1]].text if hole[1] in self.names else "\x00", text)
        return _Value(filled[:MAX_STRING], 2)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        return chr(min(int(code, 16), 0x10FFFF))
    return {"n": "\n", "t": "\t", "r": ""}.get(match[4], match[4])


def read_script(text: str) -> tuple[list[Made], list[Call]]:
    """The strings a script makes and the calls with them, in order; its first `MAX_SCRIPT` characters are read."""
    tokens = [
        (match.lastgroup or "", match[0]) for match in _TOKEN.finditer(text[:MAX_SCRIPT]) if match.lastgroup != "skip"
    ]
    reader = _Reader(tokens)
    made: list[Made] = []
    calls: list[Call] = []
    place = 0
    while place < len(tokens) and reader.steps <= MAX_STEPS:
        kind, word = reader.at(place)
        if kind == "name" and reader.at(place + 1)[1] == "(" and (call := _call(reader, place, word)):
            calls.append(call)
        value, after = reader.sum(place)
        if value is None:
            place += 1
            continue
        target, sign = _target(tokens, place)
        if target and sign in ("=", "+="):
            before = reader.names.get(target) if sign == "+=" else None
            kept = _Value((before.text + value.text)[:MAX_STRING], before.parts + value.parts) if before else value
            reader.names[target] = value = kept
        made.append(Made(value.text, value.parts, bool(_SINKS.search(target))))
        place = max(after, place + 1)
    return made, calls


def _target(tokens: list[tuple[str, str]], place: int) -> tuple[str, str]:
    """What a value is given to: the name in front of "=" or of a call's bracket."""
    if place and tokens[place][1] == "(" and tokens[place - 1][0] == "name":
        return tokens[place - 1][1], "("
    if place < 2 or tokens[place - 2][0] != "name":
        return "", ""
    sign = tokens[place - 1][1]
    return (tokens[place - 2][1], sign) if sign in ("=", "+=", "(") else ("", "")


def _call(reader: _Reader, place: int, name: str) -> Call | None:
    arguments: list[str] = []
    position = place + 2
    while reader.at(position)[0] == "string" and len(arguments) < 4:
        arguments.append(reader._literal(reader.at(position)[1]).text)
        position += 1
        if reader.at(position)[1] != ",":
            break
        position += 1
    return Call(name, tuple(arguments)) if arguments and reader.at(position)[1] == ")" else None
