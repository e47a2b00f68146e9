"""Addresses that look like ones and are nobody's: names of files, form hints, leftovers of site builders, relays."""

from __future__ import annotations

import re
from collections.abc import Iterable

from leadgen.process.wordlist import word_set

FILE_ENDINGS = word_set(
    """
    png jpg jpeg gif webp svg bmp ico avif tiff css js mjs json xml html htm php asp aspx pdf doc docx zip
    woff woff2 ttf otf eot mp4 mp3 webm mov min map scss less ts tsx jsx vue
    """
)
RESERVED = ("example.com", "example.net", "example.org", "example.edu")
"""Second-level names nobody can register (RFC 2606 §3), and the one of the same kind below .edu."""

KNOWN_RELAYS = word_set(
    """
    craigslist.org reply.gumtree.com gumtree.com.au kijiji.ca reply.kijiji.ca mail.kleinanzeigen.de
    mail.ebay-kleinanzeigen.de members.ebay.com messages.leboncoin.fr reply.facebook.com facebookmail.com
    guest.airbnb.com reply.airbnb.com guest.booking.com messages.homeaway.com messages.vrbo.com convo.zillow.com
    messaging.yelp.com messages.thumbtack.com reply.nextdoor.com marketplace.amazon.com reply.github.com
    anibis.ch mail.quoka.de reply.oodle.com mail.backpage.com marktplaats.nl messages.marktplaats.nl
    """
)
"""Domains of well-known sites whose addresses pass mail on for one ad or one conversation."""

# Nobody's domain, or one whose addresses in pages are its own customers' residue.
_PLACEHOLDER_DOMAINS = word_set(
    """
    domain.com yourdomain.com mydomain.com yourcompany.com yoursite.com yourwebsite.com website.com
    company.com mysite.com site.com address.com emailaddress.com domain.tld email.tld sentry.io wixpress.com
    test.com xyz.com abc.com mailservice.com yourbusiness.com yourname.com youremail.com yours.com business.com
    demolink.org
    mycompany.com companyname.com domainname.com yourdomain.co.uk yoursite.co.uk ihredomain.de deinedomain.de
    beispiel.de ejemplo.com exemple.com exemple.fr exemplo.com tudominio.com sudominio.com dominio.com
    tuempresa.com example.co.uk musterfirma.de mustermann.de template.com somewhere.com someone.com
    """
)
_PLACEHOLDER_LOCALS = word_set(
    """
    you your yourname your.name your-name youremail your.email your_email name username user someone somebody
    example email firstname.lastname first.last john.doe johndoe jane.doe xxx abc test mail address
    """
)
_PLACEHOLDER_HOSTS = word_set("email mail gmail yahoo hotmail outlook yourmail domain provider host server")
_NO_REPLY = re.compile(r"(?:no|do-?_?not|dont)[-_.]?reply(?:[-_.+].*)?\Z|(?:mailer-daemon|postmaster-noreply)\Z")
_OF_BUILDERS = frozenset({"filler@godaddy.com", "hi@mystore.com", "mail@mysite.com", "info@mysite.com"})
# Keys of error trackers and commits stand where a name would.
_KEY = re.compile(r"[0-9a-f]{24,}\Z")
_REPOSITORIES = frozenset({"github.com", "gitlab.com", "bitbucket.org"})


def is_placeholder(local: str, domain: str) -> bool:
    """Whether an address is a form hint, a leftover of a template, a key, or one that says nobody reads it.

    Args:
        local: the part before the "@", in small letters.
        domain: the part behind it, in small letters.
    """
    if is_under(domain, _PLACEHOLDER_DOMAINS) or f"{local}@{domain}" in _OF_BUILDERS:
        return True
    if _NO_REPLY.match(local) or _KEY.match(local):
        return True
    if local == "git" and domain in _REPOSITORIES:
        return True
    return local in _PLACEHOLDER_LOCALS and domain.split(".", 1)[0] in _PLACEHOLDER_HOSTS


def is_under(domain: str, parents: Iterable[str]) -> bool:
    """Whether a domain is one of the others or below one of them."""
    known = parents if isinstance(parents, frozenset) else frozenset(parents)
    place = domain.lower()
    while place:
        if place in known:
            return True
        place = place.partition(".")[2]
    return False
