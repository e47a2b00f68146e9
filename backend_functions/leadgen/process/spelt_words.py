"""How people say "@" and "." when they write an address so that programs miss it, in the languages of classifieds."""

from __future__ import annotations

import re

from leadgen.process.wordlist import word_set

_OPEN, _CLOSE = r"[\[({<«*_~|/=\"'.-]{1,2}", r"[\])}>»*_~|/=\"'.-]{1,2}"
_AT_WORDS = (
    r"at[\s-]?sign|at|ät|a\st|@|arroba|arobase|chiocciola|apenstaartje|klammeraffe|affenschwanz|snabel-?a|kukac"
    r"|zavin[aá][čc]|ma[łl]pa|собака|собачка|sobaka"
)
# These mean nothing else, so they need no brackets.
_SURE_AT = (
    r"arroba|arobase|chiocciola|apenstaartje|klammeraffe|affenschwanz|at[\s-]sign|ät|zavin[aá][čc]|ma[łl]pa|собака"
    r"|собачка"
)
_DOT_WORDS = r"dot|d0t|dt|d\so\st|period|punto|ponto|punkt|point|punt|kropka|tečka|точка|tochka|chấm"

AT = re.compile(
    rf"(?P<firm>\s?{_OPEN}\s?(?:{_AT_WORDS})\s?{_CLOSE}\s?|\s?[\[({{]\s?a\s?[\])}}]\s?|\s?\(æt\)\s?)"
    rf"|(?P<sign>\s{{0,2}}@\s{{0,2}})"
    rf"|(?P<sure>\s{{1,3}}(?:{_SURE_AT})\s{{1,3}})"
    rf"|(?P<picture>\s{{0,2}}[📧✉📨📩]\ufe0f?\s{{0,2}})"
    rf"|(?P<bare>\s{{1,3}}(?:at|a\st)\s{{1,3}})"
    rf"|(?P<glued>(?-i:(?<=[a-z0-9])AT(?=[a-z0-9][a-z0-9-]{{0,40}}(?:DOT|\.))))"
    rf"|(?P<capital>\s{{1,3}}(?-i:WHERE)\s{{1,3}})",
    re.IGNORECASE,
)
"""What stands for the at-sign. Between brackets anything short counts; a bare word must be borne out."""

AT_IN_PROSE = re.compile(
    r"at\s(?!sign|g[\s-]?mail|g\.m|gee|yahoo|hotmail|outlook|aol|icloud|protonmail)[a-z]{1,40}\s(?!d[o0t\s]|p[eou]|kr)[a-z]",
    re.IGNORECASE | re.ASCII,
)
"""The word "at" before plain words, none of which names a provider or is a dot: it can only be a preposition."""

AT_NEEDLES = (
    "@", "a t", "arroba", "arobase", "chiocciola", "apenstaartje", "klammeraffe", "affenschwanz", "snabel", "kukac",
    "zavin", "malpa", "sobaka",
)  # fmt: skip
"""What occurs in every mark but "at", in small letters: cheaper to find than to try an expression everywhere."""
BRACKETED_NEEDLES = {"(": ("(a)", "( a )"), "[": ("[a]", "[ a ]"), "{": ("{a}", "{ a }")}
"""More of them, by a sign that occurs in each."""
UNUSUAL_NEEDLES = ("ät", "æt", "małpa", "собак", "собач", "📧", "✉", "📨", "📩")
"""Those in which not all is ASCII."""
AT_CAPITALS = ("AT", "WHERE")
"""What stands for the at-sign in capitals only, or also where it joins two parts."""

SAID_DOT = re.compile(
    rf"\s{{0,2}}{_OPEN}\s?(?:{_DOT_WORDS}|[.•])\s?{_CLOSE}\s{{0,2}}|\s{{0,2}}[\[({{]\s?d\s?[\])}}]\s{{0,2}}"
    rf"|\s{{1,3}}(?:{_DOT_WORDS})\s{{1,3}}|\s{{0,2}}dot\s?(?=(?:com|net|org)\b)"
    rf"|(?-i:(?<=[a-z0-9])DOT(?=[a-z0-9]))|(?<=\w);(?=\w)|\s{{1,3}}(?-i:DOM)\s{{1,3}}|\s{{0,2}}[•⚫●🔴∙]\ufe0f?\s{{0,2}}",
    re.IGNORECASE,
)
WRITTEN_DOT = re.compile(r"\s?[.。․·]\s?|\s?,\s?(?=(?:com|net|org)\b)", re.IGNORECASE)

_LABEL_END = rf"(?!-(?:{_DOT_WORDS}|at)-)"
LABEL = re.compile(rf"[^\W_]{{1,40}}(?:{_LABEL_END}-{{1,2}}[^\W_]{{1,40}}){{0,5}}")
_LOCAL_DOTS = r"dot|d0t|punto|ponto|punkt|kropka|точка"
SIGN_END = re.compile(
    rf"(?:\s?{_OPEN}\s?(?:{_LOCAL_DOTS}|\.|underscore|dash|hyphen)\s?{_CLOSE}\s?"
    rf"|\s{{1,3}}(?:{_LOCAL_DOTS}|underscore|dash|hyphen|plus|minus|guion|guión)\s{{1,3}})\Z",
    re.IGNORECASE,
)
"""A sign of a mailbox's name that was spelt out, in front of its last part."""
LOCAL_END = re.compile(r"[\w+'-][\w+.'-]{0,63}\Z")
SAID_NO_SPAM = re.compile(r"\s?[(\[]\s?no[\s-]?spam\s?[)\]]\Z", re.IGNORECASE)
SIGN_WORDS = {
    "underscore": "_", "dash": "-", "hyphen": "-", "minus": "-", "plus": "+", "guion": "-", "guión": "-",
}  # fmt: skip
SIGN_WORD = re.compile(
    rf"\s?(?:{_OPEN})?\s?\b({'|'.join(SIGN_WORDS)})\b\s?(?:{_CLOSE})?\s?",
    re.IGNORECASE,
)
GLUED_LABEL = re.compile(r"[a-z0-9]{1,40}(?:-[a-z0-9]{1,40}){0,5}")
CUE_NEEDLES = ("mail", "correo", "courriel", "mel", "mél", "почта", "邮箱", "信箱")
PROVIDER_NEEDLES = {"mail": ("gmail", "g mail", "g-mail", "hotmail"), "yahoo": ("yahoo",), "outlook": ("outlook",)}
"""Names of providers, by what occurs in each."""
CUE = re.compile(
    r"(?:\be-?\s?mails?|\bmail|\bcorreo(?: electr[oó]nico)?|\bcourriel|\bm[eé]l|почта|邮箱|信箱)"
    r"(?:\s+(?:address|adresse|me|us|id))?\s*(?:[:=–—>-]+|\s+is|\s+(?:me|us)\s+at|\s+at)\s*\Z",
    re.IGNORECASE,
)
"""Words in front of an address that say one follows."""

SECOND_LEVELS = word_set("co.uk co.nz co.za co.in co.jp co.kr co.il com.au com.br com.mx com.ar com.co org.uk")
"""Where a blank may stand between the two last labels too."""

PROVIDERS = word_set(
    """
    gmail.com googlemail.com yahoo.com hotmail.com outlook.com aol.com icloud.com protonmail.com proton.me
    comcast.net att.net msn.com live.com me.com mac.com sbcglobal.net verizon.net gmx.com gmx.de web.de ymail.com
    zoho.com mail.com bellsouth.net cox.net charter.net yahoo.co.uk hotmail.co.uk mail.ru yandex.ru qq.com 163.com
    hotmail.es hotmail.fr yahoo.es yahoo.fr orange.fr free.fr t-online.de libero.it uol.com.br bol.com.br
    """
)
WORDY_PROVIDERS = word_set("me.com live.com mail.com mac.com free.fr")
"""Providers that are words too: "she looked at me.com pletely lost"."""
PROVIDER_NAMES = {
    "gmail": "com", "googlemail": "com", "yahoo": "com", "hotmail": "com", "outlook": "com", "aol": "com",
    "icloud": "com", "protonmail": "com", "ymail": "com", "comcast": "net", "sbcglobal": "net",
}  # fmt: skip
PROVIDER = re.compile(
    r"(g[\s-]?mail|g\.m\.a\.i\.l\.?|gee\s?mail|googlemail|yahoo|hotmail|outlook|aol|icloud|protonmail)(?![\w-])", re.I
)
SHOPS = word_set(
    """
    google.com facebook.com instagram.com etsy.com amazon.com ebay.com target.com twitch.tv youtube.com tiktok.com
    yelp.com linkedin.com craigslist.org twitter.com x.com nextdoor.com angi.com thumbtack.com pinterest.com
    walmart.com airbnb.com booking.com paypal.com venmo.com snapchat.com wikipedia.org reddit.com zillow.com
    """
)
"""Places people are found at, not written to."""

NOT_A_NAME = word_set(
    """
    us me it them him her we you i here there page site website web webpage online look visit find located
    available out now found is are be was stop come anytime today see more details
    work works worked working everyone everything open meet am pm only in on up off live
    buy sold sell sign log login register signup apply follow tweet instagram ig insta twitter tiktok facebook fb
    snapchat snap youtube telegram whatsapp handle cashapp venmo cash
    like join call text watch listen read check learn click prices starting start also
    lot stay arrive excel good great best bad based and or the a an this that
    """
)
"""What stands before "at" in a sentence: "visit us at acme dot com" names a website."""

NOT_BEFORE_A_SITE = word_set(
    """
    portfolio reviews review pictures pics pic shop store order orders tickets ticket book booking menu home engineer
    manager employee customers videos photos video photo blog account compte cuenta konto profile listing price time
    money join deal deals sale gallery
    """
)
"""What may be the name of a mailbox, but not where a plain domain follows: "tickets @ acme.com"."""

PRONOUNS = word_set("us me it them him her we you i here there the a an and or is are")
NO_SPAM = re.compile(
    r"[-_.]?(?:no-?_?spam(?:please)?|remove-?_?(?:this|me)|spam-?free|delete-?this|anti-?spam)[-_.]"
    r"|[-_.](?:no-?_?spam|remove-?_?(?:this|me)|spam-?free|delete-?this|anti-?spam)\b"
    r"|(?-i:NO_?SPAM|REMOVE_?(?:THIS|ME)?|DELETE_?(?:THIS|ME)?|SPAM_?FREE|ANTISPAM)|\.invalid\b",
    re.IGNORECASE,
)
"""What people put into an address for others to take out."""
