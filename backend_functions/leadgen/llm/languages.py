"""Telling the language of a post: by its script, or by its small words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_VIETNAMESE = frozenset("ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ")
_UKRAINIAN = frozenset("іїєґ")
_SCRIPTS = {
    "CYRILLIC": "ru", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh", "ARABIC": "ar", "THAI": "th",
    "HEBREW": "he", "GREEK": "el", "DEVANAGARI": "hi",
}  # fmt: skip
_ENGLISH_LOOK = re.compile(r"\b[a-z]{2,20}ing\b|\b[a-z]{0,20}(?:ck|sh|th|wh|oo|ee)[a-z]{0,20}\b")
_ENOUGH = 2
"""Small words that are needed to tell a language."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SMALL_WORDS: dict[str, frozenset[str]] = {
    "en": _words(
        "the and you we your for with our is are call free work will can have any not most i i'm in to of on at by my "
        "it all or from text home day same no be this that an up if it's don't what every ask up services service year "
        "years weekends nights only works contact open book quality full per new licensed insured am pm yrs local "
        "repair ages studio hour experience off done good out"
    ),
    "es": _words(
        "el la los las de que y para con su una un nosotros servicio llame gratis trabajo por hacemos en mi me soy "
        "del al es tengo llámenos pregunte también años casa casas hola lo se mis sus a o más limpieza reparación"
    ),
    "fr": _words(
        "le la les des et vous nous pour avec votre une un est sont appelez gratuit travail dans je mes du de au aux "
        "mon ma notre sur bonjour à ou ans"
    ),
    "pt": _words(
        "o os as de que e para com sua seu uma um nosso serviço ligue grátis trabalho por fazemos não meu minha em sou "
        "dou ou do da dos das nós é até olá anos"
    ),
    "de": _words(
        "der die das und wir sie für mit ihre eine ist sind rufen kostenlos arbeit nicht auf ein ihnen ich mein bei "
        "beim zum zur von im den dem an haus jahre"
    ),
    "it": _words("il lo gli di che e per con una un sono siamo offriamo chiamate lavoro nel della dei anni casa"),
    "pl": _words("i w na z do się jest dla oraz nie tel zapraszam usługi od po lat"),
    "ht": _words("mwen nou ou pou ak nan se yon fè travay kay rele gen"),
    "tl": _words("ang ng sa mga na at po para kami namin ako tawag"),
}  # fmt: skip


def find_language(text: str) -> str:
    """ISO 639-1 code of a text's language; empty for one that is too short or too mixed to tell."""
    letters = [letter for letter in text if letter.isalpha()]
    if not letters:
        return ""
    foreign = Counter(code for letter in letters if not letter.isascii() and (code := _script(letter)))
    if foreign and foreign.total() >= len(letters) * 0.3:
        return _of_script(foreign, text)
    lower = text.lower()
    if sum(letter in _VIETNAMESE for letter in lower) >= max(3, len(letters) * 0.05):
        return "vi"
    words = Counter(_WORD.findall(lower.replace("’", "'")))
    points = {code: sum(words[word] for word in small) for code, small in SMALL_WORDS.items()}
    best = max(points, key=lambda code: points[code])
    if points[best] >= _ENOUGH:
        return best
    # A bare list of works has no small words; in an English one the letters tell.
    return "en" if len(_ENGLISH_LOOK.findall(lower)) >= _ENOUGH + points[best] else ""


def small_words(text: str, code: str) -> int:
    """How many of a language's small words a text holds."""
    words = Counter(_WORD.findall(text.lower().replace("’", "'")))
    return sum(words[word] for word in SMALL_WORDS.get(code, ()))


def _of_script(foreign: Counter[str], text: str) -> str:
    if foreign["ja"]:
        return "ja"
    code = foreign.most_common(1)[0][0]
    return "uk" if code == "ru" and _UKRAINIAN & set(text.lower()) else code


def _script(letter: str) -> str:
    return _SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0], "")
