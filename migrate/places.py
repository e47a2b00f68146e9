"""Timezones of cities as people write them: "austin", "Austin, TX", "san-francisco", "SF Bay Area"."""

from __future__ import annotations

import re
from functools import lru_cache

_CITIES = {
    "America/New_York": """new york|nyc|newyork|manhattan|brooklyn|queens|bronx|boston|philadelphia|philly|washington|
        washington dc|dc|baltimore|miami|ft lauderdale|fort lauderdale|south florida|tampa|tampa bay|orlando|
        jacksonville|atlanta|charlotte|raleigh|durham|greensboro|richmond|norfolk|hampton roads|virginia beach|
        pittsburgh|cleveland|columbus|cincinnati|akron|toledo|dayton|buffalo|rochester|syracuse|albany|long island|
        hartford|new haven|providence|newark|jersey city|north jersey|south jersey|charleston|columbia|savannah|augusta|
        west palm beach|fort myers|sarasota|knoxville|lexington|worcester|portland me|burlington|manchester|
        wilmington|harrisburg|allentown|scranton|st petersburg|gainesville|daytona|macon|greenville|asheville""",
    "America/Detroit": "detroit|ann arbor|grand rapids|lansing|flint",
    "America/Indiana/Indianapolis": "indianapolis|fort wayne|bloomington in|south bend",
    "America/Kentucky/Louisville": "louisville",
    "America/Chicago": """chicago|houston|dallas|fort worth|dfw|austin|san antonio|new orleans|nashville|memphis|
        minneapolis|st paul|saint paul|twin cities|milwaukee|madison|kansas city|st louis|saint louis|oklahoma city|
        tulsa|omaha|lincoln|des moines|wichita|little rock|birmingham|huntsville|mobile|montgomery|jackson|
        baton rouge|lafayette|shreveport|corpus christi|mcallen|laredo|waco|lubbock|amarillo|college station|
        springfield mo|fargo|sioux falls|green bay|rockford|peoria|chattanooga ga|pensacola|arlington|plano|
        round rock|cedar park|brownsville|killeen|galveston""",
    "America/Denver": """denver|colorado springs|boulder|fort collins|salt lake city|provo|ogden|albuquerque|santa fe|
        el paso|billings|bozeman|missoula|cheyenne|aurora co|las cruces""",
    "America/Boise": "boise",
    "America/Phoenix": "phoenix|tucson|mesa|scottsdale|tempe|flagstaff|chandler|gilbert",
    "America/Los_Angeles": """los angeles|la|losangeles|san francisco|sf|sfbay|sf bay area|bay area|san diego|san jose|
        oakland|sacramento|fresno|bakersfield|stockton|modesto|orange county|inland empire|ventura|santa barbara|
        monterey|long beach|anaheim|riverside|portland|salem|eugene|bend|seattle|tacoma|spokane|olympia|bellingham|
        vancouver wa|las vegas|reno|henderson|palm springs|redding|chico|santa cruz|santa rosa""",
    "America/Anchorage": "anchorage|fairbanks|juneau",
    "Pacific/Honolulu": "honolulu|hawaii|maui|hilo",
    "America/Puerto_Rico": "san juan|puerto rico",
    "America/Toronto": "toronto|ottawa|hamilton|montreal|montréal|quebec|quebec city|london on|mississauga|kitchener",
    "America/Winnipeg": "winnipeg",
    "America/Edmonton": "calgary|edmonton",
    "America/Regina": "saskatoon|regina",
    "America/Vancouver": "vancouver|victoria|kelowna|surrey|burnaby",
    "America/Halifax": "halifax",
    "Europe/London": "london|birmingham uk|glasgow|edinburgh|leeds|liverpool|bristol|cardiff|belfast|sheffield",
    "Europe/Dublin": "dublin|cork|galway",
    "Europe/Berlin": "berlin|hamburg|münchen|munich|köln|cologne|frankfurt|stuttgart|leipzig|düsseldorf",
    "Europe/Paris": "paris|lyon|marseille|toulouse|nice|bordeaux|lille",
    "Europe/Madrid": "madrid|barcelona|valencia|sevilla|seville",
    "Australia/Sydney": "sydney|canberra|newcastle au",
    "Australia/Melbourne": "melbourne|geelong",
    "Australia/Brisbane": "brisbane|gold coast",
    "Australia/Perth": "perth",
    "Australia/Adelaide": "adelaide",
    "Pacific/Auckland": "auckland|wellington|christchurch",
}
# States and provinces that lie in one zone, or all but a corner of which do.
_STATES = {
    "America/New_York": "ct dc de ga ma md me nc nh nj ny oh pa ri sc va vt wv fl mi",
    "America/Chicago": "al ar ia il la mn mo ms ok wi tx",
    "America/Denver": "co mt nm ut wy",
    "America/Phoenix": "az",
    "America/Los_Angeles": "ca nv wa or",
    "Pacific/Honolulu": "hi",
    "America/Anchorage": "ak",
    "America/Indiana/Indianapolis": "in",
}
_BY_STATE = {state: zone for zone, states in _STATES.items() for state in states.split()}
_BY_CITY = {" ".join(name.split()): zone for zone, names in _CITIES.items() for name in names.split("|")}
_ABROAD = frozenset({"uk", "england", "ontario", "on", "bc", "ab", "qc", "australia", "germany", "france"})
_SEPARATORS = re.compile(r"[\s_.-]+")
_STATE = re.compile(r"(.*?)[,\s]+([a-z]{2})\Z")


@lru_cache(maxsize=4_096)
def zone_of_city(city: str) -> str:
    """The IANA name of a city's timezone, or "" where nobody can say."""
    name = city.strip().lower()
    place, _, rest = name.partition(",")
    place, rest = _tidy(place), _tidy(rest)
    if rest in _ABROAD or rest in _BY_STATE:
        exact = _BY_CITY.get(f"{place} {rest}")
        return exact or _in_state(place, rest)
    if place in _BY_CITY:
        return _BY_CITY[place]
    joined = {known.replace(" ", ""): zone for known, zone in _BY_CITY.items()}.get(place.replace(" ", ""))
    if joined:
        return joined
    with_state = _STATE.match(place)
    if with_state is not None and with_state[2] in _BY_STATE:
        return _in_state(with_state[1].strip(), with_state[2])
    return ""


def _in_state(place: str, state: str) -> str:
    """A city of a known state: that of the city where the state has more than one zone, else the state's."""
    of_state, of_city = _BY_STATE.get(state, ""), _BY_CITY.get(place, "")
    if not of_state:
        return of_city
    if state in ("tx", "mi", "or", "in", "fl", "ky", "tn") and of_city:
        return of_city if place not in ("portland",) else "America/Los_Angeles"
    return of_state


def _tidy(name: str) -> str:
    return _SEPARATORS.sub(" ", name).strip()
