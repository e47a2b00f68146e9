"""Regular expressions of definition files, compiled only if they are known to end in bounded time.

Python's `re` goes back on its choices, so that a careless pattern such as ``(a+)+$`` takes years on forty characters,
and a thread can't be stopped. So a pattern is judged before it is used, by how many ways there are to match one text:

* a repetition is *settled* where what may follow it can't also be part of it (``[^/]+/``, ``\\d+$``): there is one way;
* an unsettled open repetition (``.+-``) multiplies the work of what comes behind it by the length of the text;
* a repetition inside an open repetition must be settled, and alternatives inside it are refused;
* references to groups and lookarounds of varying length are refused.

The work is then at most a small constant times length^e, where e counts the open repetitions that are tried within one
another, and the beginnings, unless ``^`` says that there is but one. e may be 3 at most; the greater it is, the less of
a text is read (`BoundedPattern.reach`).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from leadgen.model.regex_classes import charset_of

LONGEST_PATTERN = 500
_REACH = {0: 20_000, 1: 20_000, 2: 5_000, 3: 500}
_MOST_ROUTES = 64
"""Combinations of alternatives, optional parts and short repetitions."""
_UNROLLED = 12
"""A repetition of several characters is written out up to this many times."""
_MOST_ATOMS = 2_000
_NO_REFERENCES = frozenset({"GROUPREF", "GROUPREF_EXISTS"})
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_OPEN = 20
"""A repetition that may be this much longer than it must counts as open."""


@dataclass(frozen=True)
class BoundedPattern:
    """A regular expression that ends in bounded time.

    Args:
        compiled: the expression.
        reach: characters of a text that are read.
    """

    compiled: re.Pattern[str]
    reach: int

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return self.compiled.groups

    def search(self, text: str) -> re.Match[str] | None:
        """The first place where the pattern fits, within the first `reach` characters of the text."""
        return self.compiled.search(text[: self.reach])


@lru_cache(maxsize=512)
def bounded_pattern(text: str) -> BoundedPattern:
    """Compile a pattern.

    Args:
        text: a regular expression as Python's `re` reads it.

    Raises:
        ValueError: it can't be read or might not end soon; the message says what is allowed, for the pattern's author.
    """
    if not text or len(text) > LONGEST_PATTERN:
        raise ValueError(f"must be a regular expression of 1 to {LONGEST_PATTERN} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(text)
            tree = re._parser.parse(text)  # type: ignore[attr-defined]
    except (re.error, RecursionError, OverflowError, ValueError) as error:
        raise ValueError(f"must be a regular expression ({error})") from None
    return BoundedPattern(compiled, _REACH[_exponent(tree, compiled.flags)])


@dataclass(frozen=True)
class _Atom:
    """One character of a class, or a run of them.

    Args:
        chars: what each of its characters may be.
        least: how many there must be.
        most: how many there may be.
        is_end: it is the end of the text, which nothing can be part of.
    """

    chars: frozenset[int]
    least: int = 1
    most: int = 1
    is_end: bool = False


_Route = tuple[_Atom, ...]
_END = _Atom(frozenset(), is_end=True)


def _exponent(tree: Any, flags: int) -> int:
    routes = _routes(list(tree), flags)
    exponent = max(_work(route) for route in routes) + (0 if _is_anchored(tree, flags) else 1)
    if exponent not in _REACH:
        raise ValueError(
            "must say more exactly where its repetitions end: several of them could share the same text; "
            "write [^/]+ or \\d+ in place of .+ and .*"
        )
    return exponent


def _is_anchored(tree: Any, flags: int) -> bool:
    if not len(tree) or flags & re.MULTILINE:
        return False
    name, value = str(tree[0][0]), str(tree[0][1])
    return name == "AT" and value in ("AT_BEGINNING", "AT_BEGINNING_STRING")


def _routes(nodes: list[Any], flags: int) -> list[_Route]:
    """Every way through a pattern's alternatives, as a line of atoms."""
    lines: list[_Route] = [()]
    for node in nodes:
        choices = _choices(node, flags)
        if len(lines) * len(choices) > _MOST_ROUTES:
            raise ValueError(f"must have fewer alternatives and optional parts (at most {_MOST_ROUTES} combinations)")
        lines = [line + choice for line in lines for choice in choices]
        if sum(len(line) for line in lines) > _MOST_ATOMS:
            raise ValueError("must be shorter once its repetitions are written out")
    return lines


def _choices(node: Any, flags: int) -> list[_Route]:
    name, value = str(node[0]), node[1]
    if name in _NO_REFERENCES:
        raise ValueError("may not refer to its own groups")
    if name == "AT":
        at_end = str(value) in ("AT_END", "AT_END_STRING") and not flags & re.MULTILINE
        return [(_END,)] if at_end else [()]
    if name in ("ASSERT", "ASSERT_NOT"):
        _refuse_varying(value[1], flags)
        return [()]
    if name == "SUBPATTERN":
        _, added, removed, inner = value
        return _routes(list(inner), (flags | added) & ~removed)
    if name == "ATOMIC_GROUP":
        return _routes(list(value), flags)
    if name == "BRANCH":
        return [route for branch in value[1] for route in _routes(list(branch), flags)]
    if name in _REPEATS:
        least, most, inner = value
        return _repeated(int(least), int(most), list(inner), flags)
    return [(_Atom(charset_of(name, value, flags)),)]


def _refuse_varying(inner: Any, flags: int) -> None:
    if any(atom.most != atom.least for route in _routes(list(inner), flags) for atom in route):
        raise ValueError("may look ahead or behind only for texts of a fixed length")


def _repeated(least: int, most: int, inner: list[Any], flags: int) -> list[_Route]:
    bodies = _routes(inner, flags)
    if len(bodies) == 1 and len(bodies[0]) == 1 and bodies[0][0].least == bodies[0][0].most == 1:
        return [(_Atom(bodies[0][0].chars, least, most, is_end=bodies[0][0].is_end),)]
    if most <= _UNROLLED:
        return [route for times in range(least, most + 1) for route in _times(bodies, times)]
    if len(bodies) > 1:
        raise ValueError("may not repeat alternatives or optional parts; write a class such as [a-z0-9-]+")
    body = bodies[0]
    if not sum(atom.least for atom in body):
        raise ValueError("may not repeat what can be empty")
    if any(_is_varying(atom) and not _is_settled(atom, [*body[i + 1 :], *body]) for i, atom in enumerate(body)):
        raise ValueError("may not repeat a repetition whose end is open; write [\\d,.]+ in place of (\\d+,?)+")
    return [(_Atom(_begins_or_trails(body), least, most),)]


def _begins_or_trails(body: _Route) -> frozenset[int]:
    """What another turn of a loop may begin with, and what its last turn may give back to what follows the loop."""
    chars = frozenset[int]().union(*(atom.chars for atom in _may_follow(body)))
    for atom in reversed(body):
        if atom.most == atom.least:
            break
        chars |= atom.chars
        if atom.least:
            break
    return chars


def _times(bodies: list[_Route], times: int) -> list[_Route]:
    lines: list[_Route] = [()]
    for _ in range(times):
        lines = [line + body for line in lines for body in bodies]
        if len(lines) > _MOST_ROUTES:
            raise ValueError(f"must have fewer alternatives and optional parts (at most {_MOST_ROUTES} combinations)")
    return lines


def _work(route: _Route) -> int:
    """The exponent of the work that a line may cost from one beginning, as the length of the text grows."""
    ways, work, may_fail = 1, 0, False
    for index in reversed(range(len(route))):
        atom = route[index]
        is_choice = _is_varying(atom) and not _is_settled(atom, route[index + 1 :])
        if may_fail and atom.most >= _OPEN:  # what can't fail is never tried again
            work = max(1, work + 1 if is_choice else work)
        elif may_fail and is_choice:
            ways *= atom.most - atom.least + 1
        may_fail = may_fail or atom.least > 0 or atom.is_end
    if ways > _MOST_ROUTES:
        raise ValueError("must have fewer optional parts and short repetitions that could share the same text")
    return work


def _is_varying(atom: _Atom) -> bool:
    return atom.most > atom.least


def _is_settled(atom: _Atom, following: Sequence[_Atom]) -> bool:
    """Whether the repetition's end is given by what may follow it: nothing of that could also be part of it."""
    return all(other.is_end or atom.chars.isdisjoint(other.chars) for other in _may_follow(following))


def _may_follow(following: Sequence[_Atom]) -> Iterator[_Atom]:
    for other in following:
        yield other
        if other.least:
            return
