"""How the digits of a number of the North American plan are grouped: whether a writer of 3-3-4 would do so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from leadgen.process.phones.disguise import Token

_THREES = frozenset({(3,), (1, 1, 1), (1, 2), (2, 1)})
_FOURS = frozenset({(4,), (1, 1, 1, 1), (2, 2)})
_PARTS = ((0, 3), (3, 6), (6, 10))
_BORDERS = frozenset({0, 3, 6, 10})
_USUAL = 0.98
_UNUSUAL = 0.9
_MOST_GROUPS = 4
_ON_ONE_LINE = frozenset({"start", "tight", "space", "glued", "loose"})


class Setting(NamedTuple):
    """What surrounds the digits.

    Args:
        cue: a word such as "call" stands near.
        commas: there are commas or colons in them.
        begins_line: nothing stands before them on their line.
        ends_line: nothing stands behind them on their line.
        carried: every line they break ends or begins with a hyphen, a point or a bracket.
    """

    cue: bool
    commas: bool
    begins_line: bool
    ends_line: bool
    carried: bool


def plain_confidence(tokens: Sequence[Token], prefix: int, *, cue: bool) -> float | None:
    """The same as `confidence` for the two commonest cases, which need no look at what surrounds the digits.

    Those are figures grouped by the usual signs, and a list of figures behind commas; None for all else.

    Args:
        tokens: the digits with the separators between them.
        prefix: 1 when the digits begin with the country code "1", else 0.
        cue: a word such as "call" stands near.
    """
    if len(tokens) > _MOST_GROUPS or {token.kind for token in tokens} != {"figures"}:
        return None
    groups, tokens = _without_prefix(tokens, prefix)
    gaps = [token.gap for token in tokens[1:]]
    if "comma" in gaps and not cue:
        return 0.0
    if groups != (3, 3, 4) or not _ON_ONE_LINE.issuperset(gaps):
        return None
    return _USUAL if cue or "loose" not in gaps else _UNUSUAL


def confidence(tokens: Sequence[Token], prefix: int, setting: Setting) -> float:
    """How likely ten digits are a telephone number, judged by their groups and separators; 0 for not at all.

    Args:
        tokens: the digits with the separators between them.
        prefix: 1 when the digits begin with the country code "1", else 0.
        setting: what surrounds them.
    """
    groups, tokens = _without_prefix(tokens, prefix)
    gaps = [token.gap for token in tokens[1:]]
    kinds = {token.kind for token in tokens}
    if "comma" in gaps and ("line" in gaps or (kinds == {"figures"} and not setting.cue)):
        return 0.0
    if "line" in gaps and setting.commas and kinds == {"figures"}:
        # Decimal numbers of a table.
        return 0.0
    if "line" in gaps and not _breaks_lines_well(groups, gaps, setting):
        return 0.0
    if "sounds" in kinds:
        meant = setting.cue or _glued(gaps) or _mostly_spoken(tokens)
        return 0.6 if meant and (_aligned(groups) or _glued(gaps)) else 0.0
    if "words" in kinds:
        spoken = [token.kind == "words" for token in tokens]
        return 0.85 if _aligned(groups, spoken) or _glued(gaps) else 0.0
    base = _by_groups(groups, gaps, setting)
    if "letters" in kinds:
        return min(base, 0.75) if base >= 0.6 else 0.0
    return base


def _without_prefix(tokens: Sequence[Token], prefix: int) -> tuple[tuple[int, ...], Sequence[Token]]:
    sizes = tuple([len(token.digits) for token in tokens])
    if not prefix:
        return sizes, tokens
    if sizes[0] == 1:
        return sizes[1:], tokens[1:]
    return (sizes[0] - 1, *sizes[1:]), tokens


def _mostly_spoken(tokens: Sequence[Token]) -> bool:
    """Whether words such as "for" can be meant as digits only: they touch some, or most of the number is said."""
    kinds = [token.kind for token in tokens]
    nexts = [token.gap for token in tokens[1:]] + ["end"]
    touching = [
        "glued" in (token.gap, behind) for token, behind in zip(tokens, nexts, strict=True) if token.kind == "sounds"
    ]
    if all(touching):
        return True
    return kinds.count("words") >= 6 and kinds.count("sounds") <= 2 and all(token.gap != "comma" for token in tokens)


def _glued(gaps: Sequence[str]) -> bool:
    return bool(gaps) and set(gaps) == {"glued"}


def _breaks_lines_well(groups: Sequence[int], gaps: Sequence[str], setting: Setting) -> bool:
    """Whether lines end where a group of 3-3-4 does, in a way that shows that they belong together."""
    breaks = set()
    total = 0
    for size, gap in zip(groups, gaps, strict=False):
        total += size
        if gap == "line":
            breaks.add(total)
    if len(breaks) == len(gaps) and len(gaps) == 9:
        return setting.begins_line
    if not breaks <= _BORDERS:
        return False
    if len(breaks) == 2:
        return setting.begins_line or setting.cue
    return setting.carried or (setting.cue and setting.begins_line and setting.ends_line)


def _by_groups(groups: tuple[int, ...], gaps: Sequence[str], setting: Setting) -> float:
    odd = bool(set(gaps) & {"loose", "comma", "line", "word"})
    if groups == (3, 3, 4):
        return _USUAL if not odd or setting.cue else _UNUSUAL
    if groups == (10,) or groups in ((3, 7), (6, 4)):
        return _USUAL if setting.cue else 0.8
    if groups == (1,) * 10:
        return 0.85
    head, tail = _segment(groups, 3)
    middle, line = _segment(tail, 3)
    if head in _THREES and middle in _THREES and line in _FOURS and not setting.commas:
        # "2.1.3 2.1.2 2002" are versions and a year.
        meant = setting.cue or head == (3,) or (len(groups) > 5 and groups[-1] != 4)
        return 0.85 if meant else 0.0
    if setting.commas or "line" in gaps:
        return 0.0
    if setting.cue and (_aligned(groups) or len(groups) <= 5):
        return 0.6
    alone = setting.begins_line and setting.ends_line
    return 0.6 if alone and groups[0] == 3 and len(groups) <= 4 else 0.0


def _segment(groups: tuple[int, ...], size: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The groups that make up the first `size` digits, and the rest; empty where a group crosses the border."""
    total = 0
    for index, group in enumerate(groups):
        total += group
        if total == size:
            return groups[: index + 1], groups[index + 1 :]
        if total > size:
            break
    return (), groups


def _aligned(groups: tuple[int, ...], spoken: Sequence[bool] = ()) -> bool:
    """Whether no group of figures crosses a border of 3-3-4, unless it is made of whole parts.

    Args:
        groups: number of digits of each group.
        spoken: for each group whether it is a word; words such as "thousand" may cross.
    """
    start = 0
    for index, group in enumerate(groups):
        end = start + group
        inside = any(low <= start and end <= high for low, high in _PARTS)
        whole = start in _BORDERS and end in _BORDERS
        if not (inside or whole or (index < len(spoken) and spoken[index])):
            return False
        start = end
    return True
