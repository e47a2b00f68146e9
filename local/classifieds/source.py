"""The source definition by which leadgen harvests the demo site."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

from local.classifieds.model import CitySpec
from local.classifieds.people import RELAY_DOMAIN
from local.classifieds.places import CITIES

_TEMPLATE = """\
# The demo classifieds site of the local stack.

[source]
id = "demo"
name = "Demo classifieds"
base_url = {base_url}
concurrency = 8
delay_seconds = 0.0
max_pages = {max_pages}
region = "US"

[policy]
acknowledged_by = "leadgen demo"
acknowledged_on = {today}
may_email = true
relay_domains = [{relay}]

{cities}
[listing]
post_link = "li.result a.post-link"
next_link = "a[rel=next]"

[post]
title = "h1#post-title"
body = "section#posting-body"
images = "figure.gallery img"
contact_link = "a.reply"
contact_gate = "captcha"
"""


def source_toml(base_url: str, today: date, *, max_pages: int = 50, cities: Iterable[CitySpec] | None = None) -> str:
    """The definition of the demo site as TOML.

    Args:
        base_url: where the site serves, without a slash at the end.
        today: date the site's terms are acknowledged on.
        max_pages: listing pages a campaign may read.
        cities: the cities served; those of `places` by default.
    """
    tables = "".join(
        f"[cities.{spec.slug}]\n"
        f"listing_url = {json.dumps(f'/{spec.slug}/services')}\n"
        f"timezone = {json.dumps(spec.timezone)}\n"
        f"label = {json.dumps(spec.label)}\n\n"
        for spec in (CITIES.values() if cities is None else cities)
    )
    return _TEMPLATE.format(
        base_url=json.dumps(base_url.rstrip("/")),
        max_pages=max_pages,
        today=today.isoformat(),
        relay=json.dumps(RELAY_DOMAIN),
        cities=tables,
    )
