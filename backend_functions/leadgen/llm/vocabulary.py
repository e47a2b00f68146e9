"""Words by which the rules know a trade. Kept apart so that the rules read as rules."""

from __future__ import annotations

from leadgen.llm.schema import Category

TRADE_WORDS: dict[Category, tuple[str, ...]] = {
    "Plumbing": (
        "plumb", "pipe", "drain", "sewer", "water heater", "faucet", "toilet", "rooter", "repipe", "slab leak",
        "garbage disposal", "sump pump", "water line", "septic", "plomer", "drenaje", "fuga", "tubería", "calentador",
        "destap", "plombi", "klempner", "encanad", "сантех",
    ),
    "Cleaning": (
        "cleaning", "maid", "housekeep", "janitor", "deep clean", "move out clean", "baseboard", "turnover", "limpieza",
        "houses to clean", "clean homes", "clean houses", "window washing", "pressure wash", "carpet", "upholstery",
        "ménage", "nettoyage", "repassage", "reinigung", "putz", "faxina", "limpeza", "уборк", "dọn nhà", "清洁",
    ),
    "Roofing": (
        "roof", "shingle", "gutter", "hail", "skylight", "standing seam", "flashing", "techo", "gotera", "teja",
        "canaleta", "toiture", "dachdeck", "telhado", "кровл",
    ),
    "Landscaping": (
        "landscap", "lawn", "mow", "yard", "tree trim", "tree removal", "tree service", "stump", "mulch", "sprinkler",
        "irrigation", "irrigator", "hedge", "sod", "garden", "weed", "arborist", "leaves", "snow", "plow", "jardin",
        "pasto", "poda", "césped", "rasen", "jardim", "riego",
    ),
    "Moving": (
        "mover", "moving", "haul", "loading", "unloading", "junk", "packing", "relocation", "box truck", "mudanza",
        "flete", "déménage", "umzug", "umzüge", "entrümpel", "mudança", "переезд", "грузчик", "chuyển nhà", "搬家",
    ),
    "Painting": (
        "paint", "staining", "stained", "popcorn ceiling", "cabinets", "wallpaper", "stucco", "pint", "peintre",
        "peinture", "maler", "sơn nhà", "sơn tủ", "маляр", "油漆",
    ),
    "Electrical": (
        "electric", "wiring", "rewir", "panel upgrade", "panel swap", "breaker", "ev charger", "gfci",
        "recessed light", "generator", "ceiling fan", "knob and tube", "eléctric", "electricista", "lámpara", "abanico",
        "électric", "elektr", "eletric", "thợ điện", "электрик", "电工",
    ),
    "Heating and cooling": (
        "hvac", "ac repair", "air condition", "furnace", "heating", "cooling", "mini split", "duct", "thermostat",
        "heat pump", "evaporator", "compressor", "refrigerant", "aire acondicionado", "calefacción", "ducto",
        "climatis", "heizung", "ar condicionado",
    ),
    "Handyman": (
        "handyman", "odd job", "tv mount", "furniture assembly", "ikea assembly", "drywall patch", "home repair",
        "fix-it", "fixit", "honey do", "shelves", "caulking", "grab bar", "mil usos", "bricol", "marido de aluguel",
    ),
    "Construction": (
        "remodel", "contractor", "concrete", "framing", "kitchen renovation", "bathroom renovation", "tile", "masonry",
        "fence", "deck build", "carpent", "drywall", "room addition", "adu ", "driveway", "patio", "backsplash",
        "basement", "flooring", "hardwood", "laminate", "excavat", "grading", "trenching", "cabinet maker",
        "crown molding", "built-ins", "demo ", "demolition", "construcc", "tablaroca", "cemento", "albañil",
        "pedreiro", "стройк", "ремонт кварт", "装修",
    ),
    "Photography": (
        "photo", "portrait", "headshot", "videograph", "newborn session", "drone video", "aerial video", "fotograf",
        "fotógraf", "фотограф",
    ),
    "Tutoring": (
        "tutor", "algebra", "calculus", "geometry", "homework help", "test prep", "sat ", "essay coaching", "academic",
        "practice tests", "dyslexia", "spelling", "clases de inglés", "matemátic", "nachhilfe", "репетитор", "алгебр",
        "gia sư", "家教",
    ),
    "Music lessons": (
        "piano lesson", "guitar lesson", "bass lesson", "violin", "voice coach", "drum lesson", "music theory",
        "recital", "music studio", "beginner piano", "acoustic and electric guitar", "voice lesson", "singing lesson",
        "ukulele", "audition", "clases de guitarra", "clases de piano", "violão", "guitarra", "musikunterricht",
    ),
    "Automotive": (
        "detailing", "mobile detail", "mechanic", "oil change", "brake", "ceramic coating", "headlight", "auto repair",
        "car care", "auto spa", "towing", "wash and wax", "interior shampoo", "odor removal", "engine bay",
        "detail special", "alternator", "check engine", "transmission", "suspension", "mecánico", "taller", "frenos",
    ),
    "Beauty": (
        "hair", "salon", "nails", "manicure", "lash", "barber", "makeup", "waxing", "massage", "facial", "braid",
        "locs", "silk press", "beard", "brow", "peluquer", "uñas", "coiff", "friseur", "cabelei",
    ),
    "Pet care": (
        "dog", "cat ", "cats ", "pet ", "pets ", "grooming", "groomer", "puppy", "kennel", "nail trim", "mascota",
    ),
    "Childcare": (
        "babysit", "nanny", "daycare", "childcare", "child care", "preschool", "newborn care", "infant", "niñera",
        "cuidando niños", "cuidado de niños", "guardería", "nounou", "babá", "няня",
    ),
    "Events": (
        "catering", "dj ", "wedding plan", "party rental", "bartend", "event plan", "photo booth", "quince", "karaoke",
        "taco cart", "day-of coordination", "florals", "weddings", "bounce house", "fiestas", "eventos",
    ),
    "Technology": (
        "computer", "web design", "website", "laptop", "it support", "seo", "phone repair", "virus", "wifi",
        "data recovery", "printer", "smart home", "home theater", "hosting",
    ),
    "Consulting": (
        "consult", "bookkeep", "accounting", "tax prep", "marketing", "business coach", "notary", "payroll", "resume",
        "career coach", "mock interview", "loan signing", "contador", "impuestos", "notario",
    ),
}  # fmt: skip

TRADE_NOUNS: dict[Category, tuple[str, ...]] = {
    "Plumbing": ("plumber", "plomero"),
    "Cleaning": ("house cleaner", "cleaning lady", "housekeeper", "femme de ménage", "window cleaner"),
    "Roofing": ("roofer",),
    "Landscaping": ("landscaper", "gardener", "jardinero", "arborist", "lawn care"),
    "Moving": ("movers", "moving help"),
    "Painting": ("painter", "pintor"),
    "Electrical": ("electrician", "electricista"),
    "Heating and cooling": ("hvac tech", "hvac", "air condition", "aire acondicionado"),
    "Handyman": ("handyman", "handy man"),
    "Construction": ("general contractor", "remodeler", "carpenter", "tile setter"),
    "Photography": ("photographer", "fotógrafo"),
    "Tutoring": ("tutor", "репетитор"),
    "Music lessons": ("music teacher", "piano teacher", "guitar teacher"),
    "Automotive": ("mechanic", "auto detail", "mecánico"),
    "Beauty": ("barber", "hairstylist", "hair stylist", "massage therapist", "esthetician"),
    "Pet care": ("dog walker", "pet sitter", "dog groom", "groomer"),
    "Childcare": ("nanny", "babysitter", "daycare", "niñera", "child care"),
    "Events": ("wedding planner", "caterer", "dj +", "party planner"),
    "Technology": ("computer repair", "web designer", "web developer", "websites for"),
    "Consulting": ("bookkeeper", "notary", "accountant", "tax preparer", "career coach"),
    "Other": (
        "piano tuning", "piano tuner", "locksmith", "appliance repair", "welder", "welding", "seamstress", "tailor",
        "personal trainer", "pool cleaning", "pool service", "garage door", "pest control", "exterminator",
        "caregiver", "upholsterer", "chimney sweep", "security guard", "translator", "driver", "sign maker",
    ),
}  # fmt: skip
"""What people of a trade call themselves."""

OTHER_TRADES: tuple[str, ...] = (
    "weld", "piano tuning", "pitch raise", "locksmith", "rekey", "lockout", "deadbolt", "appliance", "washers",
    "dryers", "dishwasher", "seamstress", "alteration", "zipper", "tailor", "personal train", "fat loss", "nutrition",
    "pool service", "pool clean", "garage door", "broken springs", "pest control", "termite", "bed bug", "chimney",
    "caregiv", "grocery runs", "rides to", "elder care", "home health", "translat", "courier", "firewood",
    "upholstery shop", "embroidery", "screen printing", "taxi", "airport ride",
)  # fmt: skip
"""Words of trades that have no category of their own: they speak for "Other"."""
