"""What the websites of advertisers are like: most are plain, and some are as websites are in life.

None shows more of its advertiser than the plain page does, so visiting one changes no outcome.
"""

from __future__ import annotations

import zlib
from typing import Literal

from local.classifieds.model import Advertiser

# plain    a neat page without structured data
# good     all a home page should have
# old      made in another century, last touched in 2009
# parked   a domain for sale
# slow     the plain page after a long pause
# broken   an error message in place of the page
Manner = Literal["plain", "good", "old", "parked", "slow", "broken"]

TEMPLATES: dict[Manner, str] = {
    "plain": "website.html",
    "good": "website_good.html",
    "old": "website_old.html",
    "parked": "website_parked.html",
    "slow": "website.html",
    "broken": "website_broken.html",
}
SLOWER = 2.0
"""A slow website takes so many times as long as a slow post."""
NEWEST_YEAR = 2026
"""Fixed, so that a seed gives the same bytes on any day."""

_SHARES: tuple[Manner, ...] = (
    "plain",
    "plain",
    "plain",
    "good",
    "good",
    "good",
    "old",
    "old",
    "parked",
    "slow",
    "broken",
)


def manner_of(advertiser: Advertiser) -> Manner:
    """What an advertiser's website is like: the same for the same address, whatever else is on the site."""
    if advertiser.cross_city:
        return "plain"
    return _SHARES[zlib.crc32(advertiser.website.encode()) % len(_SHARES)]
