"""Which source is harvested for a city, and whether it may be."""

from __future__ import annotations

from collections.abc import Iterable

from leadgen.harvest.sources.source import City, Source
from leadgen.harvest.sources.wording import shown
from leadgen.model.errors import NotAllowed, NotFound


def source_for_city(sources: Iterable[Source], city: str) -> tuple[Source, City]:
    """The source to harvest for a city, and the city; where several cover it, the first that is acknowledged.

    Args:
        sources: the loaded definitions.
        city: key of the city, in any case.

    Raises:
        NotFound: no source covers the city; the message names those that are covered.
    """
    known = list(sources)
    matches = [(source, found) for source in known if (found := source.city(city)) is not None]
    if matches:
        return next((match for match in matches if match[0].is_acknowledged), matches[0])
    names = ", ".join(sorted({one.key for source in known for one in source.cities})) or "none"
    raise NotFound(f"No source has listings for {shown(city)}.", hint=f"Cities with listings: {names}.")


def require_acknowledged(source: Source) -> None:
    """Refuse a source whose policy nobody acknowledged.

    Raises:
        NotAllowed: `acknowledged_by` or `acknowledged_on` is missing.
    """
    if not source.is_acknowledged:
        raise NotAllowed(
            f"The source {source.name} is switched off: nobody has acknowledged its policy.",
            hint="Read the site's terms; if they allow it, set policy.acknowledged_by and policy.acknowledged_on "
            "in its source definition.",
        )
