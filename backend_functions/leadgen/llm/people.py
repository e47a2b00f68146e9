"""The person an ad names: who introduces themselves, who is to be asked for, whose number it is, who signs."""

from __future__ import annotations

import re

from leadgen.llm.names import looks_like_person
from leadgen.llm.namewords import ALSO_SURNAMES, NOT_NAMES

_TITLE = r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Don|Doña|Señora?|Coach|Big|Sr|Sra)\.?[ ])?"
_CAPITAL = r"[A-ZÀ-ÞŁŠŽА-Я](?:[\w'’]{1,20}|\.(?=[ ][A-ZÀ-Þ]))"
NAME = rf"{_TITLE}{_CAPITAL}(?:[ ](?:de[ ]|la[ ]|del[ ]|van[ ]|von[ ])?{_CAPITAL}){{0,2}}"
_LOWER = r"[^\W\d_]{2,15}(?:[ ][^\W\d_]{2,15})?"
_HONORED = r"(?:Mrs|Ms|Miss|Mr|Dr|Coach|Señora?|Don|Doña)\.?"
_INITIALS = r"[A-Z]{2,3}\b"
_PHONE = r"\(?\d{3}\)?[ .-]{0,3}\d{3}[ .-]{0,3}\d{4}"

_INTRODUCED = (
    r"(?:\b[Mm]y name is|\b[Mm]y name's|\b[Nn]ame's|\b[Nn]ame is|\b[Mm]e llamo|\b[Mm]i nombre es|\b[Jj]e m['’]appelle"
    r"|\b[Mm]eu nome é|\b[Mm]ein Name ist|\bМеня зовут|\b[Mm]i chiamo|\b[Nn]azywam się)"
)
_PRESENTED = r"\b(?:I am|I'm|I’m|i'm|[Ss]oy|[Ii]ch bin|[Ss]ou o|[Ss]ou a|[Tt]his is|[Ii]t's)"
_ASKED = (
    r"(?:\b(?:[Aa]sk(?:[ ]us)?[ ]for|ASK FOR|[Tt]alk (?:to|with)|[Ss]peak (?:to|with)|[Rr]each(?:[ ]out to)?"
    r"|(?:[Cc]all|CALL|[Tt]ext|TEXT|[Tt]xt|[Cc]all/[Tt]ext|[Cc]all/[Tt]xt)(?:[ ]or[ ]text)?|[Bb]ook (?:with|w/)"
    r"|[Cc]ontact|CONTACT|[Ll]lame a|[Pp]regunte por|[Aa]tiende|[Ll]iên lạc|[Ll]igue para|[Ff]ale com|[Aa]ppelez)"
    r"|\b(?:[Cc]ontact|[Cc]ontacto|[Oo]wner|[Mm]anager|[Dd]irector(?:a)?|[Ee]stimates|[Rr]ufen Sie an"
    r"|[Aa]nsprechpartner|[Dd]ueño|[Pp]roprietor|[Ff]oreman)[ ]?:)"
)
_ROLE = r"\b(?:[Oo]wner|[Ee]stimator|[Ff]oreman|[Dd]irector|[Mm]anager|[Ff]ounder|[Tt]eacher|[Ii]nstructor)"

_START = r"(?:^|[.!;,|•:?][ ]?|[–—~-][ ]?)"
_CLOSING = r"(?:[Tt]hanks|[Tt]hx|[Ww]armly|[Rr]egards|[Cc]heers|[Bb]est|[Ss]incerely|[Gg]racias|[Ss]aludos)[,!.]?"
_CREDENTIAL = r"(?:licensed|certified|LMT|NASM|RN|CNA|\d{1,2} (?:years|yrs)|I'm \d\d)"
_CALLED = r"\b(?:call|text|txt|ask for|contact|call or text|call/txt|call/text)"
_ANY = rf"({NAME}|{_INITIALS})"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.MULTILINE)


_PATTERNS: tuple[tuple[re.Pattern[str], bool], ...] = (
    (_pattern(rf"{_INTRODUCED}[ ]({NAME})"), False),
    (_pattern(rf"{_PRESENTED}[ ]({NAME})(?=[\s,.!;]|\Z)(?!\.\w)"), False),
    (_pattern(rf"{_ASKED}[ ]+(?:us[ ]|our \w{{3,12}}[ ]|or[ ]text[ ]|anh[ ]|chị[ ])?{_ANY}(?!\w)"), False),
    (_pattern(rf"{_ROLE}[ ]({NAME})"), False),
    (_pattern(rf"{_START}({NAME})[ ]?\((?:[Oo]wner|[Mm]anager)\)"), False),
    (_pattern(r"(?:联系|请找|联络|找)([\u4e00-\u9fff](?:先生|小姐|女士|太太|师傅))"), True),
    (_pattern(rf"^[^\n–—:]{{2,80}}?[ ][–—-][ ]({NAME})\.(?=\s|\Z)"), False),
    (_pattern(rf"{_START}{_ANY}(?:,? (?:OR|or|and|&) {NAME})?,?[ ]?[-:–]?[ ]?{_PHONE}"), False),
    (_pattern(rf"{_CALLED}[ ]{{1,3}}({_LOWER})[ ]{{0,3}}(?:at |@ ?|on )?{_PHONE}"), True),
    (_pattern(rf"^({_LOWER})[ ,:-]{{1,3}}{_PHONE}"), True),
    (_pattern(rf"^(?:[-–—~*][ ]?|{_CLOSING}[ ]?-?)\s?{_ANY}(?=[ ]*(?:$|,|\())"), False),
    (_pattern(rf"[.,!][ ]{_CLOSING}[ ][-–—~]?[ ]?{_ANY}(?=[ ]*$)"), False),
    (_pattern(rf"\b({_HONORED}[ ]{_CAPITAL}(?:[ ]{_CAPITAL})?)(?=[\s,.!]|\Z)"), False),
    (_pattern(rf"(?:[.!;?][ ]|^)({NAME}),[ ]{_CREDENTIAL}"), False),
    (_pattern(rf"\bby[ ]({_CAPITAL})[ ]*$"), False),
    (_pattern(rf"[.!;?:][ ]({_CAPITAL}[ ]{_CAPITAL})[.!]?[ ]*$"), False),
    (_pattern(rf"^({_CAPITAL}[ ]{_CAPITAL})$"), False),
    (_pattern(rf"\s[-–—]{{1,2}}[ ]?{_ANY}$"), False),
)
"""From the surest to the least sure; the flag says whether a name in small letters may be taken."""


def find_person(body: str, business: str = "") -> str:
    """The name of the person as the ad writes it; empty where it names none.

    Args:
        body: its text, in plain letters and without streets.
        business: the name of the business, which is not the person's.
    """
    for pattern, small in _PATTERNS:
        for match in pattern.finditer(body):
            name = _trimmed(match[1])
            if name and looks_like_person(name) and name.casefold() != business.casefold():
                if not small and not name[0].isupper():
                    continue
                return name
    return ""


def _trimmed(name: str) -> str:
    """The name up to the first word that names nobody: "Terrence Anytime" is called Terrence."""
    words = name.strip(" .,-").split()
    kept: list[str] = []
    for word in words:
        if kept and word.strip(".").casefold() in NOT_NAMES - ALSO_SURNAMES:
            break
        kept.append(word)
    return " ".join(kept)
