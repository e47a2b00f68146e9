"""What stands around some digits: whether a reader would take them for a telephone number or for something else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leadgen.process.phones.disguise import Token
from leadgen.process.wordlist import word_set

LOOK_BACK = 36
"""Characters before the digits that are looked at."""
LOOK_AHEAD = 24
"""Characters behind the digits that are looked at."""
CUE_AHEAD = 12
"""Characters behind the digits in which a word such as "call" counts."""

_CUES = word_set(
    """
    call calls calling callme text texts texting txt txting cell cellphone phone phones ph tel telf telephone mobile
    mob whatsapp whats sms ring reach contact dial number nmbr digits office direct hotline message msg shout llama
    llame llamar llamame llamanos llamenos llameme llamando telefono telefonos telefon celular cel movil marque
    marca comuniquese comunicate mensaje numero ligue contacto appelez appeler handy bel imessage signal viber
    telegram fax area hmu holler line toll tollfree
    """
)
_WORDS = re.compile(r"[a-z']+")
# "C: 512…", "t. 512…"
_INITIAL = re.compile(r"[cptm](?<![a-z'(].)[.:]")
_DEVICES = frozenset("\u260e\u260f\u2706\U0001f4de\U0001f4f1\U0001f4f2\U0001f4df")
_BETWEEN = " \t\n.:#(+[=-"
_MARKERS = word_set("no nr num number nos id ids is was are nbr")

# Words that name an identifier by themselves.
_NAMES = word_set(
    """
    license licence lic permit policy invoice inv account acct tracking serial vin isbn ein fein ssn imei iccid npi
    iban nmls usdot dot cslb roc ccb tdlr sku upc ean gtin asin mpn oem model version ver part patent passcode
    passport docket parcel apn s/n p/n sn pn dl vat abn acn siret siren rcs nif cif dni cpf cnpj curp rfc aadhaar
    gstin steuernummer ust hrb kvk btw bic blz barcode confirmation transaction receipt routing mc itin duns
    rev firmware timestamp clause section dfars
    """
)
# Words that name one where "#", "no." or "id" follows, or where the digits are not grouped like a telephone number.
_THINGS = word_set(
    """
    ad post posting listing ref reference item member membership offer coupon promo job quote unit lot batch stock
    inventory group meeting webinar conference zoom case order ticket claim card ending registration registered reg
    bond bonded cert certificate insurance insured licensed student user po ro wo property booking reservation file
    photo pic mls tin tax bbb contractor project event build release series product catalog catalogue article asset
    badge employee patient customer client lottery pop population qty quantity total serialnumber pin repo loan
    check cheque deposit sort konto swift password pwd passwd code uuid guid hash key token epoch
    """
)
_PRICES = word_set("price prices rate rates rent rents cost costs fee fees msrp total qty sizes scores score ratings")
# Words that may stand before "#" or "no." and a telephone number.
_OF_PHONES = word_set(
    """
    my our your the this his her home work shop main business bus biz store customer service services sales support
    info information emergency dispatch free local alternate alt other new voice pager second primary following at or
    and nummer telefonnummer rufnummer numbers here us me leasing rental cp hp wa booking reservations appointments
    """
)
_CURRENCY = word_set("usd rs inr mxn eur gbp cad aud php brl zar nzd")
_MONEY_BEFORE = re.compile(r"[$€£¥₱₹]\s?$")
_UNIT_AFTER = re.compile(
    r" ?(?:[a-z]{3,12} )?(?:%|usd\b|dollars|sq\.? ?f|sqft|square|miles|mi\b|lbs|pounds|kg\b|gallons|views|visits"
    r"|customers|clients|reviews|followers|subscribers|downloads|people|served|euros|pesos)|\.\d",
    re.IGNORECASE,
)
_MEASURE_AFTER = re.compile(r"[%€£¥$]| ?(?:usd|dollars|euros|pesos|sq\.? ?f|sqft)\b", re.IGNORECASE)
_PART_OF_NAME = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|heic|pdf|docx?|xlsx?|csv|txt|zip|html?|php|aspx?|mp[34]|mov)\b"
    r"|[-_](?:[0-9]+[a-z]|[a-z]+[0-9]|[a-z]\b)",
    re.IGNORECASE,
)
_JOINING = frozenset("-#_/")
_LETTERED = re.compile(r"[A-Za-z]{1,5}[-#_/]$")
_ASSIGNED = re.compile(r"\b\w+=$")
_CALLED = re.compile(r"phone|tel|cell|mobile|number|sms|call|text|^[ptmc]=", re.IGNORECASE)


def has_cue(low: str) -> bool:
    """Whether a word such as "call" or "text" stands in a piece of text in small letters, or a picture of a phone."""
    if not _CUES.isdisjoint(_WORDS.findall(low)) or _INITIAL.search(low):
        return True
    return not (low.isascii() or _DEVICES.isdisjoint(low))


def is_something_else(tokens: Sequence[Token], before: str, after: str, *, grouped: bool, cue: bool) -> bool:
    """Whether the surroundings say that the digits are a price, an identifier, a measure or part of a name.

    Args:
        tokens: the digits.
        before: up to `LOOK_BACK` characters in front of them.
        after: some characters behind them.
        grouped: whether hyphens, points or brackets group them as telephone numbers are.
        cue: whether a word such as "call" stands near.
    """
    if any(token.kind == "words" for token in tokens):
        return False
    if _MONEY_BEFORE.search(before) or _PART_OF_NAME.match(after) or _MEASURE_AFTER.match(after):
        return True
    if not grouped and _UNIT_AFTER.match(after):
        return True
    return _is_assigned(before, cue, len(tokens)) or is_labelled(before, grouped=grouped)


def _is_assigned(before: str, cue: bool, tokens: int) -> bool:
    """Behind "id=", "@" or "REF-"."""
    last = before[-1:]
    if last == "=":
        name = _ASSIGNED.search(before)
        return name is not None and not _CALLED.search(name[0])
    if cue or tokens > 2:
        return False
    return (last == "@" and tokens == 1) or (last in _JOINING and _LETTERED.search(before) is not None)


def is_labelled(before: str, *, grouped: bool) -> bool:
    """Behind a word that says that an identifier or a price follows, such as "Lic#", "order no." or "Rs."."""
    low = before.lower()
    marks: set[str] = set()
    for _ in range(4):
        word, between = _last_word(low)
        if not word:
            # The digits follow nothing but "#", such as in the middle of a list.
            return False
        if "\n\n" in between or (grouped and ("\n" in between or (". " in between and len(word) > 4))):
            return False
        if "#" in between:
            marks |= {"#", "touching"} if between.startswith("#") else {"#"}
        if word not in _MARKERS:
            return _names_identifier(word, between, marks, low, grouped=grouped)
        low = low[: len(low) - len(between) - len(word)]
        # "ID" is also Idaho.
        if word == "id" and (":" in between or "#" in between or before[len(low)] == "i"):
            marks.add("named")
        if word not in ("is", "was", "are"):
            marks |= {"#", "touching"} if word in ("no", "nr", "nos") else {"#"}
    return "named" in marks


def _names_identifier(word: str, between: str, marks: set[str], low: str, *, grouped: bool) -> bool:
    if word in _NAMES or word in _CURRENCY:
        return True
    if word == "code" and low.removesuffix(between).removesuffix(word).rstrip().endswith("area"):
        return False
    if word in _THINGS and (marks or not grouped):
        return True
    if "touching" in marks and not word.endswith("'s"):
        return word not in _CUES and word not in _OF_PHONES
    return "named" in marks or (word in _PRICES and ":" in between and not grouped)


def _last_word(low: str) -> tuple[str, str]:
    """The word a text ends with and what follows it; both empty when something else stands there."""
    bare = low.removesuffix("-10 ").removesuffix("-13 ").rstrip(_BETWEEN)
    start = len(bare)
    while start and (bare[start - 1].isalpha() or bare[start - 1] in "/'"):
        start -= 1
    return bare[start:], low[len(bare) :]
