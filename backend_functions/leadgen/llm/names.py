"""What may be the name of a person or a business, by its looks: for names that rules find and that a model gives."""

from __future__ import annotations

import re

from leadgen.llm.namewords import (
    ALSO_SURNAMES,
    BUSINESS_WORDS,
    FIRST_BUSINESS_WORDS,
    GENERIC,
    HONORIFICS,
    JOINING,
    LEGAL_FORMS,
    MACHINE_WORDS,
    NOT_NAMES,
    PLATFORMS,
    TRADE_STEMS,
)

MOST_PERSON_WORDS = 5
MOST_BUSINESS_WORDS = 7
_PERSON_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?")
_BUSINESS_WORD = re.compile(r"[\w&+'’.-]+")


def looks_like_person(name: str) -> bool:
    """Whether a text may be a person's name: a few words of letters, none of them a word that names nobody."""
    words = name.split()
    if not 1 <= len(words) <= MOST_PERSON_WORDS or len(name) > 60:
        return False
    if not all(_PERSON_WORD.fullmatch(word) for word in words):
        return False
    plain = [word.strip(".").casefold() for word in words]
    own = [word for word in plain if word not in HONORIFICS]
    if not own and len(words) < 2:
        return False
    first, *others = own or plain
    return first not in NOT_NAMES | BUSINESS_WORDS and not any(
        word in NOT_NAMES - ALSO_SURNAMES or word in BUSINESS_WORDS for word in others
    )


def looks_like_business(name: str) -> bool:
    """Whether a text may be a business's name: some words, each with a capital or small and joining, not all of them
    words that any business of the trade would use, none of them a platform's."""
    words = name.split()
    if not 1 <= len(words) <= MOST_BUSINESS_WORDS or len(name) > 80:
        return False
    if not all(_BUSINESS_WORD.fullmatch(word.rstrip("!,")) for word in words):
        return False
    plain = [word.strip(".,!").casefold() for word in words]
    if any(word in MACHINE_WORDS for word in plain) or all(word in PLATFORMS for word in plain):
        return False
    capital = all(word[0].isupper() or word[0].isdigit() or word.casefold() in JOINING for word in words if word)
    return capital and not is_generic(name)


def is_generic(name: str) -> bool:
    """Whether a name consists of words alone that any business of the trade would use: "Auto Detailing"."""
    words = [word.strip(".,!'’") for word in name.split()]
    # "MountPro": a capital inside a word makes it one's own.
    return all(not re.search(r"[a-z][A-Z]", word) and _is_common(word.casefold()) for word in words)


def ends_like_business(words: list[str]) -> bool:
    """Whether words end (or, in Spanish, begin) the way names of businesses do."""
    plain = [word.strip(".,!").casefold() for word in words]
    return bool(plain) and (plain[-1] in BUSINESS_WORDS or plain[-1] in LEGAL_FORMS or plain[0] in FIRST_BUSINESS_WORDS)


def _is_common(word: str) -> bool:
    return (
        len(word) < 2
        or word in GENERIC
        or word in BUSINESS_WORDS
        or word in FIRST_BUSINESS_WORDS
        or word in NOT_NAMES - ALSO_SURNAMES
        or any(word.startswith(stem) if len(stem) > 4 else word.rstrip("s") == stem for stem in TRADE_STEMS)
    )
