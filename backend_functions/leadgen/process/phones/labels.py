"""What a text says of a number it gives: its extension, and whether it is a fax."""

from __future__ import annotations

import re

from leadgen.process.phones.found import PhoneKind

_EXTENSION = re.compile(
    r"[ ,;.]{0,3}[(\[]?(?:;ext=|(?:ext(?:ension|n)?|extensi[oó]n|poste|durchwahl|interno)[ .:=#-]{0,3}"
    r"|x[.:]?(?=\d)|#(?=\d{2})|(?:press|option|opt|dial|oprime|opcion)[ :.#]{1,3}(?=\d{1,4}\b))(\d{1,6})(?!\d|[-.]\d)",
    re.IGNORECASE,
)
# A single F counts with a colon or a point, or behind another number.
_FAX_BEFORE = re.compile(
    r"(?:(?:^|[^a-z])(?:e-?)?(?:fax|facsimile|telefax|fx)|(?:^|[\s|,;/•·-])f(?=[.:])|[0-9)][\s|,;/•·-]{1,4}f)"
    r"(?:[ ]?(?:no|nr|num|number|line|is))?[\s.:#(+)-]{0,6}$",
    re.IGNORECASE,
)
# "Phone/Fax", "tel & fax", "call or fax".
_ALSO_VOICE = re.compile(
    r"(?:phone|ph|tel\w*|voice|call|cell|office|text|p|t|o)[.:]?\s{0,2}(?:/|&|\+|,|and|or|y|et|und|-)\s{0,2}"
    r"(?:e-?)?(?:fax|fx|f)",
    re.IGNORECASE,
)
_FAX_AFTER = re.compile(
    r"[ ]{0,2}(?:[(\[][ ]?(?:fax|fx|f)[ ]?[)\]]|-?[ ]?(?:fax|fx)(?=\s*(?:$|\n|[.;|)])))", re.IGNORECASE
)
_SOME_F = re.compile(r"f(?:ax|acs|x|(?![a-z]))")
_VOICE_BEFORE = re.compile(r"(?:phone|tel\w*|cell|voice|mobile)[\s.:#(+-]{0,4}$", re.IGNORECASE)


def extension_after(text: str, end: int) -> str:
    """The extension given behind a number that ends at a position; empty for none."""
    match = _EXTENSION.match(text, end, end + 40)
    return match[1] if match else ""


def kind_of(before: str, after: str) -> PhoneKind:
    """Whether the words next to a number say that it is a fax and nothing else."""
    if not _SOME_F.search(f"{before} {after}".lower()):
        return "voice"
    if _FAX_BEFORE.search(before):
        return "voice" if _ALSO_VOICE.search(before[-24:]) else "fax"
    return "fax" if _FAX_AFTER.match(after) and not _VOICE_BEFORE.search(before) else "voice"
