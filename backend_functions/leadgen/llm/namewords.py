"""Words by which names are known: those that make one, and those that never are one."""

from __future__ import annotations

from leadgen.llm.vocabulary import TRADE_WORDS


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


BUSINESS_WORDS = words("""
    plumbing drain works rooter service services cleaning maids co company roofing gutter crew exteriors
    tutoring lab studio studios coaching landscaping lawn garden care tree photography portraits pictures moving
    movers haul handyman repair electric electrical wiring lighting painting painters paint trim detailing
    detail spa grooming paws music lessons heating cooling air conditioning systems comfort contractors
    contracting construction remodeling llc inc corp ltd group solutions bros brothers sons consulting salon
    auto help move builders concrete masonry flooring floors fence fencing fences welding excavation excavating
    irrigation plowing removal hauling catering entertainment events media films photo booth bookkeeping
    accounting tax design designs computers doctors locksmith locks daycare school academy massage barbers
    barbershop cuts nails lashes beauty woodworks woodworking cabinets carpentry finishing basements restoration
    renovations remodelers improvements maintenance mechanics garage motors towing transport logistics cleaners
    laundry windows doors pools pest pets kennels sitters guys experts pros agency associates partners
    enterprises industries electricians plumbers roofers landscapers theater tech technologies hvac fitness
    training fix-it fixit
""")
"""Words the name of a business ends with."""

FIRST_BUSINESS_WORDS = words("""
    studio taller transportes techos pinturas servicios limpiezas jardinería mudanzas grupo tacos salón clínica
    taquería construcciones plomería electricidad casa atelier
""")
"""Words it begins with, in Spanish and elsewhere."""

JOINING = words("""
    of the and & by to in at n 'n y de del la el e do da du des + von van
""")
"""Small words within a name."""

LEGAL_FORMS = words("""
    llc inc corp ltd co company l.l.c gmbh plc
""")
"""What the name of a company ends with."""

HONORIFICS = words("""
    mr mrs ms miss dr don doña señor señora sra sr coach big anh chị
""")
"""What a person is called with, before the name."""

PLATFORMS = words("""
    craigslist facebook instagram google yelp zelle venmo paypal cashapp zoom linkedin whatsapp nextdoor tiktok
    twitter youtube snapchat telegram offerup marketplace kijiji gumtree quickbooks uhaul u-haul penske ikea
    amazon ebay airbnb angi angie's thumbtack taskrabbit bbb nasm isa
""")
"""Services and brands that ads name; none of them is the advertiser."""

MACHINE_WORDS = words("""
    ignore instruction instructions prompt system assistant json schema output admin override config template
    model developer previous disregard null undefined none
""")
"""Words by which a post speaks to a program; no name and no service has them."""

NOT_NAMES = (
    PLATFORMS
    | MACHINE_WORDS
    | words("""
    us me now today tomorrow tonight any anytime anyone the or our your you for we text call a an and at on by
    from this that here there my mine owner manager office dispatch email mail phone cell number home day night
    mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday january february march
    may july august september october november december free licensed insured bonded certified available
    experienced professional reliable local cheap quality looking ready new not no yes hi hello hey thanks thank
    please plus also serving ask contact see open book best great good same full one two both either just only
    still retired family details info information quote quotes estimate estimates appointment price prices
    pricing website link ad ads post help it's its it if in with to of as so but all more most before after when
    while english spanish español cash check strong lic license hablamos se habla señor señora licensed!
    disponible mande texto lunes sábado trabajo para por con
""")
)
"""Words that name nobody."""

ALSO_SURNAMES = words("""
    price best good strong long cash post check book may march day love great
""")
"""Words that name nobody, unless a first name stands before them or a business is named after them."""

NOT_FIRST = words("""
    we our your my call text ask contact serving hablamos free licensed insured need looking no not all any with
    for from in at on and or of to by owner manager director office book see this that these those llame
    pregunte also plus get have let now new
""")
"""Words that no name of a business begins with."""

GENERIC = words("""
    mobile auto car house home homes window windows professional licensed insured quality best affordable free
    interior exterior kitchen bath bathroom local emergency residential commercial general senior same day cheap
    fast reliable honest family owned operated new custom full complete small big city county north south east
    west greater area smart tv theater water gas pool junk tree lawn dog pet cat child night weekend expert
    certified master registered wedding party event events real estate video web site computer phone data tax
    business career personal piano guitar voice music math reading carpet floor flooring fence deck concrete
    drywall tile metal roof garage door appliance pressure power pest massage hair nail lash pre post work works
    working jobs job hot dirt snow leaf garden yard notary public dj photo booth and the of for de y in our your
    all any
""")
"""Words that any business may use; a name has another one too."""

TRADE_STEMS = tuple(
    sorted({word for known in TRADE_WORDS.values() for phrase in known for word in phrase.split() if len(word) > 3})
)
"""How words of any trade begin."""
