"""Tokens that act on their neighbours, and digits at the ends of a run that only the rest of it reveals."""

from __future__ import annotations

import re

from leadgen.process.phones.disguise import STRONG, Run, Token
from leadgen.process.phones.words import HOMOPHONES

_LETTERS_BEFORE = re.compile(r"(?<![0-9A-Za-z])([OQIlSBZ|!]{1,4})[\s.\-()]{1,3}$")
_LETTERS_AFTER = re.compile(r"[\s.\-()]{1,3}([OoIlSsBZ|!]{1,4})(?![0-9A-Za-z])")
_SOUND = "|".join(sorted(HOMOPHONES, key=len, reverse=True))
_SOUND_BEFORE = re.compile(rf"(?<![0-9a-z])({_SOUND})[\s.\-,]{{1,3}}$", re.IGNORECASE)
_SOUND_AFTER = re.compile(rf"[\s.\-,]{{1,3}}({_SOUND})(?![0-9a-z])", re.IGNORECASE)
_FULL = (10, 11)


def fold_words(run: Run) -> Run:
    """Apply "double", "triple", "hundred", "thousand" and joined tens ("thirty four") within a run."""
    if not any(token.op for token in run):
        return run
    folded: Run = []
    times = 0
    first: Token | None = None
    for token in run:
        if token.op in ("2", "3"):
            times, first = int(token.op), token
            continue
        if times and first is not None:
            digits = token.digits[:1] * times + token.digits[1:]
            token = token._replace(start=first.start, digits=digits, kind="words", gap=first.gap)
            times, first = 0, None
        if token.op in ("00", "000"):
            if folded and len(folded[-1].digits) <= 2:
                folded[-1] = folded[-1]._replace(
                    end=token.end, digits=folded[-1].digits + token.op, kind="words", op=token.op
                )
            continue
        joined = _joined(folded[-1], token) if folded else None
        if joined is not None:
            folded[-1] = joined
            continue
        folded.append(token)
    return folded


def _joined(before: Token, token: Token) -> Token | None:
    """Both as one token where they are said as one number: "thirty four" is 34, "five hundred fifty" is 550."""
    if token.kind != "words" or token.gap not in ("glued", "space", "tight", "word"):
        return None
    if before.op == "tens" and not token.op and len(token.digits) == 1 and token.digits != "0":
        digits = before.digits[:-1] + token.digits
    elif before.op == "00" and len(token.digits) == 2 and token.gap != "word":
        digits = before.digits[:-2] + token.digits
    else:
        return None
    return before._replace(end=token.end, digits=digits, op=token.op)


def widen(text: str, run: Run) -> Run:
    """Add what stands for digits at an end of a run that lacks some: "SIZ-555-OIOO", "five one two … one three for"."""
    missing = 10 - sum(len(token.digits) for token in run)
    if not 0 < missing <= 4:
        return run
    return _with_letters(text, run, missing) or (_with_sounds(text, run, missing) if missing <= 2 else None) or run


def _with_letters(text: str, run: Run, missing: int) -> Run | None:
    after = _LETTERS_AFTER.match(text, run[-1].end)
    if after and len(after[1]) in (missing, missing + 1):
        digits = "".join(STRONG[char] for char in after[1])
        return [*run, Token(after.start(1), after.end(1), digits, "letters", "tight")]
    before = _LETTERS_BEFORE.search(text, max(0, run[0].start - 8), run[0].start)
    if before and len(before[1]) in (missing, missing + 1):
        digits = "".join((STRONG | {"Q": "0"})[char] for char in before[1])
        first = Token(before.start(1), before.end(1), digits, "letters", "start")
        return [first, run[0]._replace(gap="tight"), *run[1:]]
    return None


def _with_sounds(text: str, run: Run, missing: int) -> Run | None:
    """The same with words that sound like digits, where at least half of the number is said in words."""
    if sum(token.kind in ("words", "sounds") for token in run) < 4:
        return None
    for _ in range(missing):
        after = _SOUND_AFTER.match(text, run[-1].end)
        if after is None:
            break
        run = [*run, Token(after.start(1), after.end(1), HOMOPHONES[after[1].lower()], "sounds", "space")]
        missing -= 1
    if missing == 1:
        before = _SOUND_BEFORE.search(text, max(0, run[0].start - 8), run[0].start)
        if before is not None:
            first = Token(before.start(1), before.end(1), HOMOPHONES[before[1].lower()], "sounds", "start")
            return [first, run[0]._replace(gap="space"), *run[1:]]
    return run if missing == 0 else None
