"""Telephone numbers in the text of an ad or a page, plain or disguised, without the many numbers that are none.

The text is folded (`process.folding`), stretches with enough digits are found (`zones`), read as tokens that stand for
digits (`disguise`, `joining`), and the part of a run that can be a telephone number is chosen (`reader`) by how its
digits are grouped (`grouping`), by what stands around it (`context`, `labels`), and in the end by `phonenumbers`.

Confidence is a rough share of such finds that are meant as a number to call. From 0.5 on a find is certain enough to
identify an advertiser; nothing less certain is given.

====  =====================================================================================
1.00  the target of a ``tel:`` link
0.98  the usual grouping (512-555-0134), or ten digits after a word such as "call"
0.95  the target of a chat link (wa.me)
0.90  the usual groups with unusual separators, a number of another plan
0.85  words, a vanity number (1-800-FLOWERS), or figures written one by one
0.80  ten digits in a row with nothing to say what they are
0.75  letters in place of digits, or digits that touch a word ("Plumbing5125550134")
0.60  unusual groups, or words that only sound like digits, beside a word such as "call"
====  =====================================================================================
"""

from __future__ import annotations

from leadgen.process.phones.finder import MAX_PHONES, MAX_TEXT, find_phones
from leadgen.process.phones.found import FoundPhone, PhoneKind
from leadgen.process.phones.links import number_link

__all__ = ["MAX_PHONES", "MAX_TEXT", "FoundPhone", "PhoneKind", "find_phones", "number_link"]
