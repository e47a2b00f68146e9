"""The cities of the demo site, and the businesses that advertise in two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from local.classifieds.model import CitySpec

CITIES: dict[str, CitySpec] = {
    spec.slug: spec
    for spec in (
        CitySpec(
            slug="austin",
            label="Austin, TX",
            timezone="America/Chicago",
            area_codes=("512", "737"),
            tag="atx",
            flavours=("Lone Star", "Barton", "Hill Country", "Bluebonnet", "Live Oak", "Colorado River", "Zilker"),
            districts=(
                "Hyde Park",
                "East Austin",
                "South Lamar",
                "Mueller",
                "Round Rock",
                "Cedar Park",
                "Pflugerville",
            ),
            zips=("78701", "78704", "78722", "78745", "78751", "78758"),
        ),
        CitySpec(
            slug="dallas",
            label="Dallas, TX",
            timezone="America/Chicago",
            area_codes=("214", "469", "972"),
            tag="dfw",
            flavours=("Trinity", "Big D", "Reunion", "White Rock", "Metroplex", "Preston", "Cedar Springs"),
            districts=("Oak Cliff", "Lakewood", "Deep Ellum", "Plano", "Garland", "Irving", "Richardson"),
            zips=("75201", "75204", "75208", "75214", "75228", "75243"),
        ),
        CitySpec(
            slug="denver",
            label="Denver, CO",
            timezone="America/Denver",
            area_codes=("303", "720"),
            tag="den",
            flavours=("Mile High", "Front Range", "Platte", "Aspen", "Foothills", "Cherry Creek", "Pikes"),
            districts=("Capitol Hill", "Highlands", "Wash Park", "Aurora", "Lakewood", "Arvada", "Littleton"),
            zips=("80202", "80205", "80209", "80211", "80218", "80220"),
        ),
        CitySpec(
            slug="portland",
            label="Portland, OR",
            timezone="America/Los_Angeles",
            area_codes=("503", "971"),
            tag="pdx",
            flavours=("Rose City", "Willamette", "Cascade", "Bridgetown", "Hawthorne", "Douglas Fir", "Tabor"),
            districts=("Alberta", "Sellwood", "St. Johns", "Beaverton", "Gresham", "Hawthorne", "Laurelhurst"),
            zips=("97201", "97202", "97206", "97211", "97214", "97217"),
        ),
    )
}


@dataclass(frozen=True)
class Traveller:
    """A business that advertises in its home city and in one other; both posts show the same number."""

    slug: str
    business_name: str
    contact_name: str
    category: str
    route: Literal["EMAIL", "PHONE", "CAPTCHA"]
    home: str
    away: str
    phone: str


# Fixed rather than drawn, so that one city can be generated without looking at another.
TRAVELLERS: tuple[Traveller, ...] = (
    Traveller("tworivers", "Two Rivers Moving", "Hank Dorsey", "moving", "EMAIL", "dallas", "austin", "+12145550190"),
    Traveller("i35roofing", "I-35 Roofing Crew", "Luz Ortega", "roofing", "PHONE", "austin", "dallas", "+15125550191"),
    Traveller(
        "lensandlight", "Lens and Light", "Priya Nair", "photography", "EMAIL", "denver", "portland", "+13035550192"
    ),
    Traveller("brightsuds", "Bright Suds", "Owen Pratt", "detailing", "CAPTCHA", "portland", "denver", "+15035550193"),
)
