"""Words by which the rules know a trade and a language. Kept apart so that the rules read as rules."""

from __future__ import annotations

from leadgen.llm.schema import Category

TRADE_WORDS: dict[Category, tuple[str, ...]] = {
    "Plumbing": (
        "plumb", "pipe", "drain", "sewer", "water heater", "faucet", "toilet", "rooter", "repipe", "slab leak",
        "garbage disposal", "plomer",
    ),
    "Cleaning": (
        "cleaning", "maid", "housekeep", "janitor", "deep clean", "move out clean", "baseboard", "turnover", "limpieza",
    ),
    "Roofing": ("roof", "shingle", "gutter", "hail", "skylight", "standing seam", "techo"),
    "Landscaping": (
        "landscap", "lawn", "mowing", "yard", "tree trim", "mulch", "sprinkler", "irrigation", "hedge", "sod", "garden",
        "jardin",
    ),
    "Moving": ("mover", "moving", "haul", "loading", "junk removal", "packing", "relocation", "mudanza"),
    "Painting": ("paint", "staining", "popcorn ceiling", "cabinets", "pintura"),
    "Electrical": (
        "electric", "wiring", "rewir", "panel upgrade", "breaker", "ev charger", "gfci", "recessed light", "generator",
    ),
    "Heating and cooling": (
        "hvac", "ac repair", "air condition", "furnace", "heating", "cooling", "mini split", "duct", "thermostat",
    ),
    "Handyman": (
        "handyman", "odd job", "tv mount", "furniture assembly", "drywall patch", "home repair", "fix-it", "shelves",
        "caulking",
    ),
    "Construction": (
        "remodel", "contractor", "concrete", "framing", "kitchen renovation", "bathroom renovation", "tile", "masonry",
        "fence install", "deck build", "carpent",
    ),
    "Photography": ("photo", "portrait", "headshot", "videograph", "newborn session"),
    "Tutoring": ("tutor", "algebra", "calculus", "homework", "test prep", "sat ", "essay coaching", "academic"),
    "Music lessons": (
        "piano lesson", "guitar lesson", "violin", "voice coach", "drum lesson", "music theory", "recital",
        "music studio", "beginner piano", "acoustic and electric guitar", "voice lesson",
    ),
    "Automotive": (
        "detailing", "mobile detail", "mechanic", "oil change", "brake", "ceramic coating", "headlight", "auto repair",
        "car care", "auto spa", "towing", "wash and wax", "interior shampoo", "odor removal", "engine bay",
        "detail special",
    ),
    "Beauty": ("hair", "salon", "nails", "manicure", "lash", "barber", "makeup", "waxing", "massage", "facial"),
    "Pet care": ("dog", "cat ", "pet ", "grooming", "groomer", "puppy", "kennel", "nail trim"),
    "Childcare": ("babysit", "nanny", "daycare", "childcare", "child care"),
    "Events": ("catering", "dj ", "wedding plan", "party rental", "bartend", "event plan", "photo booth"),
    "Technology": ("computer repair", "web design", "website design", "laptop", "it support", "seo", "phone repair"),
    "Consulting": ("consult", "bookkeep", "accounting", "tax prep", "marketing", "business coach", "notary"),
}  # fmt: skip


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BUSINESS_WORDS = _words("""
    plumbing drain works rooter service services cleaning maids co company roofing gutter crew exteriors tutoring lab
    studio coaching landscaping lawn garden care tree photography portraits pictures moving movers haul handyman repair
    electric electrical wiring lighting painting painters paint trim detailing detail spa grooming paws music lessons
    heating air conditioning systems comfort contractors construction remodeling llc inc corp ltd group solutions bros
    brothers sons consulting salon auto help move
""")
"""Words the name of a business ends with."""

LANGUAGE_WORDS: dict[str, frozenset[str]] = {
    "en": _words("the and you we your for with our is are call free work will can have any not most"),
    "es": _words("el la los las de que y para con su una nosotros servicio llame gratis trabajo por hacemos"),
    "fr": _words("le la les des et vous nous pour avec votre une est sont appelez gratuit travail dans"),
    "pt": _words("o os as de que e para com sua uma nosso serviço ligue grátis trabalho por fazemos não"),
    "de": _words("der die das und wir sie für mit ihre eine ist sind rufen kostenlos arbeit nicht auf"),
}
"""Small words that tell a language."""
