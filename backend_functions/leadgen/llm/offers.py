"""The services an ad lists: as bullets, after "we do", as an enumeration, or as lines of a list."""

from __future__ import annotations

import re

from leadgen.llm.clean import clean_text
from leadgen.llm.namewords import MACHINE_WORDS, NOT_NAMES, PLATFORMS
from leadgen.llm.plaintext import sentences
from leadgen.llm.schema import MAX_SERVICES, SERVICE_LENGTH, Category
from leadgen.llm.vocabulary import TRADE_WORDS

MOST_WORDS = 6
_ENOUGH = 3
"""Parts that make an enumeration of a sentence that does not say that it is one."""

_BULLET = re.compile(r"^[ \t]{0,8}(?:[-*•·▪►✓✔+]|\d{1,2}[.)])[ \t]{1,8}(\S.{2,80})$", re.MULTILINE)
_OFFERED = re.compile(
    r"(?:^|[\s,.;:–—-])(?:(?:we|i)(?: also| can| will)? (?:do|offer|provide|specialize in|handle|install|clean|paint|"
    r"fix|repair|build|tutor|teach|photograph|mow|take|load|prepare|catch up)|services include|services offered|"
    r"services|specializing in|includes?|"
    r"(?:nosotros )?(?:también )?(?:hacemos|ofrecemos|ofrezco|pintamos|reparamos|destapamos|instalamos|limpiamos|hago)|"
    r"je propose(?: mes services de)?|nous faisons|fazemos|dou|faço|nhận|wir machen|wir bieten)"
    r"\b(?!\s+(?:not|no|it|that|all|and|nada)\b)\s{0,2}:?\s{1,3}(?P<what>.{5,300})$",
    re.IGNORECASE,
)
_VERB_STAYS = re.compile(r"\b(?:fix|clean|mow|paint|repair|build|teach|tutor|install|load|catch up)\s*$", re.IGNORECASE)
_COMMAS = re.compile(r"\s{0,3}[,;•·、]\s{0,3}|\s[/+|–—-]\s|\s{0,3}\.{2,40}\s{0,3}|(?<=\w)\.\s(?=[a-z])")
_LAST_AND = re.compile(r"^(.+?)\s(?:and|&|y|et|und|e|и|và|or)\s(.+)$")
_LEADING = re.compile(
    r"^(?:and|&|y|et|und|e|or|và|also|plus|including|from|beim|bei der|bei|la|el|los|las|my|our|your)\s+(?=\S)",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"\s+(?:in your|in natural|at your|at the|while|if you|when|by the|so you|before|after the|for free|para los|"
    r"para las|para crianças|pour les|in spanish|in the|around|over zoom|you can|that|which|with \d|every|todo el|"
    r"el mismo|available|too$)(?:\b.*)?$",
    re.IGNORECASE,
)
_NO_SERVICE = re.compile(
    r"\$|\d{3}|@|%|#|^\d+$|^\d+ |\bdon'?t\b|\bguarantee|\d ?hrs?\b|\bpost(?:ed| id)\b|\bfamily run\b|\bsame day\b|"
    r"\bkids k|\bcon licencia\b|^weekly$|\btherapeutic only\b|\blevels?\b$|\bpackages?$|\bask(?: |$)|"
    r"\b(?:no|not|free|gratis|estimates?|quotes?|licen[sc]ed?|insured|bonded|certified|references?|discounts?|warranty|"
    r"owned|operated|years?|yrs?|años|experience|experiencia|county|serving|appointment|cash|call|text|txt|llame|hours?|"
    r"hr|per|español|guys?|min|men|reasonable|honest|welcome|prices?|precios?|updated|am|pm|lic|reliable|professional|"
    r"24|weekends?|nights|mon|saturdays?|sundays?|age[sd]?|adults|teens|licencia|approved|financing|monthly|biweekly|"
    r"permits|terms)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"^(?:i|i'm|i've|i'll|we|we're|you|they|it|it's|he|she|who|my|this|thats?|that's|there|if|no|not|in|on|over|at|to|"
    r"with|within|call|text|see|ask|let'?s|soy|tengo|me|mi|wir|ich|sie|je|nous|j'ai|busco|trabajo|до|меня|liên|请)\b|"
    r"\b(?:is|are|was|were|will|has|have|need|want|come[s]?|show|tell|works?|been|runs?|handles?|drives?|tengo|sind|"
    r"helfen)\b",
    re.IGNORECASE,
)
_NO_BEGINNING = re.compile(r"(?:i|we|you|they|thats?|that's|it|over|at|with|within|by)\b", re.IGNORECASE)
_FOR_WHOM = re.compile(
    r"\s(?:pour|para|für|for)\s(?:les|los|las|crianças|su|ihre|your|mom|the|kids|seniors|adults)\b[^,;]{0,80}",
    re.IGNORECASE,
)
_BEFORE_FIRST = re.compile(
    r"^.*\s(?:with|like|of|as|in|for|beim|bei|com|con|avec)\s(?=\S+(?:\s\S+){0,2}$)", re.IGNORECASE
)
_PRICED = re.compile(r"^(.{3,40}?)\s+\$\d{1,5}(?:\.\d\d)?$")
_WORK = re.compile(r"\b\w{3,20}(?:ing|tion|ment|pairs?|ción|cións|work)\b", re.IGNORECASE)
_AREAS = re.compile(r"\b(?:serving|serves|located (?:in|at|near)|area$|areas$|from the|near)\b", re.IGNORECASE)


def find_services(title: str, body: str, category: Category, names: tuple[str, ...] = ()) -> list[str]:
    """Services an ad lists; where it lists none, those its title lists, or the words of its trade that it uses.

    Args:
        title: the ad's title, in plain letters.
        body: its text, likewise.
        category: its trade.
        names: of its business and person, which are no services.
    """
    listed = [*_BULLET.findall(body), *_in_sentences(body)]
    services = _usable(listed, names)
    if not services:
        services = _usable(_plain_list(body), names)
    if not services:
        services = _usable(_in_title(title), names)
    if not services and category != "Other":
        lower = body.lower()
        services = _usable([word for word in TRADE_WORDS[category] if " " in word.strip() and word in lower], names)
    return services[:MAX_SERVICES]


def _in_sentences(body: str) -> list[str]:
    said: list[str] = []
    likely: list[str] = []
    for line in filter(None, body.splitlines()):
        unsure: list[str] = []
        listed = False
        for sentence in sentences(line):
            for part in re.split(
                r"(?<!include)(?<!includes)(?<!services)(?<!offered):\s|(?<=\w)\s[–—]\s",
                _FOR_WHOM.sub("", sentence),
                maxsplit=2,
            ):
                offered, found = _enumeration(re.sub(r"\s?\([^)]{0,80}\)", "", part))
                listed = listed or bool(found)
                if found:
                    (said if offered else likely).extend(found)
                else:
                    unsure += _fragment(part)
        if listed:
            likely += unsure
        likely += _bare_words(line)
    return said + likely


def _fragment(sentence: str) -> list[str]:
    """The parts of a short sentence without a verb, which beside an enumeration goes on with it."""
    parts = _parts(sentence)
    fitting = [part for part in parts if not _NO_SERVICE.search(part) and not _CLAUSE.search(part)]
    short = all(len(part.split()) <= 4 for part in fitting)
    return fitting if short and len(fitting) == len(parts) and (len(parts) > 1 or _WORK.search(sentence)) else []


def _bare_words(line: str) -> list[str]:
    """ "bathrooms kitchens floors dusting": a list without any marks between its words."""
    words = line.split()
    is_list = 3 <= len(words) <= 7 and all(re.fullmatch(r"[a-z]{3,20}(?:s|ing)", word) for word in words)
    return words if is_list else []


def _enumeration(sentence: str) -> tuple[bool, list[str]]:
    """The parts of a sentence that says it is a list of services, or looks like one; and whether it says so."""
    offered = _OFFERED.search(sentence)
    if offered is not None:
        kept = _VERB_STAYS.search(sentence[: offered.start("what")])
        return True, _parts((kept[0].strip() + " " if kept else "") + offered["what"])
    if _AREAS.search(sentence):
        return False, []
    parts = [_PRICED.sub(r"\1", part) for part in _parts(sentence)]
    if _CLAUSE.search(parts[0]) or len(parts[0].split()) > MOST_WORDS:
        parts[0] = _BEFORE_FIRST.sub("", parts[0])
    fitting = [part for part in parts if not _NO_SERVICE.search(part) and not _CLAUSE.search(part)]
    short = sum(len(part.split()) <= 5 for part in fitting)
    return False, (fitting if len(parts) >= _ENOUGH and short >= max(2, len(parts) * 0.6) else [])


def _parts(sentence: str) -> list[str]:
    """ "drains, faucets and toilets" → its three parts; only the last "and" ends an enumeration."""
    *parts, tail = _COMMAS.split(sentence.strip(" .!?,"))
    pair = _LAST_AND.match(tail) if len(tail.split()) <= 14 else None
    if pair and len(pair[1].split()) <= 5 and len(pair[2].split()) <= MOST_WORDS + 3:
        return [*parts, *pair.groups()]
    return [*parts, tail]


def _in_title(title: str) -> list[str]:
    parts = _parts(re.sub(r"^[^:]{0,40}:\s|\s[–—-]\s", ", ", title))
    fitting = [part for part in parts if not _NO_SERVICE.search(part) and not _CLAUSE.search(part)]
    return fitting if len(parts) >= 2 else []


def _plain_list(body: str) -> list[str]:
    """The longest run of at least three short lines that are no sentences: a list whose bullets were lost."""
    best: list[str] = []
    run: list[str] = []
    for line in [*body.splitlines(), "."]:
        text = line.strip()
        if not text:
            continue
        if len(text) <= 50 and text[-1] not in ".!?:," and not re.search(r"\d{3}|@", text):
            run.append(text)
            continue
        best = max(best, run, key=len)
        run = []
    return best if len(best) >= 3 else []


def _usable(listed: list[str], names: tuple[str, ...]) -> list[str]:
    found: dict[str, str] = {}
    own = {name.casefold().strip(" .") for name in names if name}
    for item in listed:
        text = clean_text(_TRAILING.sub("", _bare(item)), SERVICE_LENGTH).strip(" .,-")
        words = [word.casefold().strip(".,!") for word in text.split()]
        if not 1 <= len(words) <= MOST_WORDS or len(text) < 2:
            continue
        if _NO_SERVICE.search(text) or _NO_BEGINNING.match(text) or any(name in text.casefold() for name in own):
            continue
        if MACHINE_WORDS & set(words) or set(words) <= PLATFORMS | NOT_NAMES:
            continue
        found.setdefault(text.casefold(), text)
    return list(found.values())


def _bare(item: str) -> str:
    text = item.strip()
    for _ in range(3):
        shorter = _LEADING.sub("", text)
        if shorter == text:
            break
        text = shorter
    return re.sub(r"\s*\([^)]{0,80}\)?", "", text)
