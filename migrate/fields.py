"""The four tables that move, their fields by the plan's names, and what the earlier programs may have called them.

Names are compared without case, blanks and signs: ``business_name``, ``businessName`` and "Business Name" are one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_SIGN = re.compile(r"[\W_]+")


@lru_cache(maxsize=2_048)
def plain(name: str) -> str:
    """The form in which names of tables and columns are compared."""
    return _SIGN.sub("", name).lower()


@dataclass(frozen=True)
class Kind:
    """One of the tables that move.

    Args:
        name: its name in reports and mapping files.
        collection: where its rows go.
        database: ``contacts`` or ``email``: which of the two files holds it.
        tables: names it may have, compared plainly.
        fields: the plan's field → other names of its column.
        needed: fields without which the table can't move; of a tuple one is enough.
    """

    name: str
    collection: str
    database: str
    tables: frozenset[str]
    fields: dict[str, frozenset[str]]
    needed: tuple[tuple[str, ...], ...]


def _fields(**synonyms: str) -> dict[str, frozenset[str]]:
    return {name: frozenset({plain(name), *words.split()}) for name, words in synonyms.items()}


_CREATED = "created createdon createtime creationdate dateadded addedat added insertedat firstseen datecreated"
_UPDATED = "updated lastupdated modified modifiedat updatedon lastmodified lastseen dateupdated"

CONTACTS = Kind(
    "contacts",
    "contacts",
    "contacts",
    frozenset({"contacts", "contact", "mastercontacts", "leads", "lead", "mastercontact"}),
    _fields(
        phone="phonenumber telephone tel mobile phoneno phonenum contactphone cell",
        name="contactname fullname personname leadname ownername",
        email="emailaddress mail emailaddr contactemail",
        lastSent="lastsentat lastemailed lastcontacted lastcontactedat lastemailsent lastsentdate lastemailat senton",
        sourceUrl="url posturl link source sourcelink posturi listingurl adurl",
        imageHash="imghash phash picturehash photohash imagephash",
        businessName="business company companyname bizname organization organisation firm",
        category="businesscategory trade industry cat",
        servicesRendered="services serviceslist servicesoffered offeredservices",
        status="state contactstatus leadstatus",
        city="location town metro cityname region area",
        leadDataJson="leaddata leadjson rawdata rawjson json datajson payload raw",
        websiteUrl="website web site homepage businessurl",
        timezone="tz timezonename",
        createdAt=_CREATED,
        lastUpdated=_UPDATED + " updatedat",
    ),
    (("phone", "email", "leadDataJson"),),
)
PROCESSOR_QUEUE = Kind(
    "processor_queue",
    "processorQueue",
    "email",
    frozenset({"processorqueue", "processqueue", "processingqueue", "processorrequests"}),
    _fields(
        templateId="template tmplid emailtemplateid",
        city="location town metro cityname",
        numberOfLeadsToProcess="numberofleads numleads leadstoprocess leadcount count target numtoprocess nleads",
        requestTimestamp="requestedat requesttime timestamp ts requestdate " + _CREATED + " createdat",
        status="state requeststatus",
    ),
    (("status",), ("city",)),
)
TEMPLATES = Kind(
    "templates",
    "templates",
    "email",
    frozenset({"templates", "template", "emailtemplates", "emailtemplate"}),
    _fields(
        templateId="id tmplid tid",
        templateName="name title label",
        description="desc notes comment",
        baseSubject="subject subjectline emailsubject basesubj",
        baseBodyHtml="bodyhtml body html basebody emailbody htmlbody content basehtml",
        isArchived="archived isdeleted archive inactive hidden",
        createdAt=_CREATED,
    ),
    (("templateId",), ("baseSubject",), ("baseBodyHtml",)),
)
EMAIL_QUEUE = Kind(
    "email_queue",
    "emailQueue",
    "email",
    frozenset({"emailqueue", "mailqueue", "outgoing", "outgoingemails", "emails", "queue", "sendqueue"}),
    _fields(
        templateId="template tmplid emailtemplateid",
        leadData="leaddatajson leadjson lead data json payload",
        email="emailaddress recipient toaddress mailto toemail recipientemail",
        phone="phonenumber telephone tel",
        city="location town metro cityname",
        status="state emailstatus queuestatus",
        createdAt=_CREATED + " queuedat enqueuedat timestamp",
        sentAt="sent senton sendtime senttime sentdate sendat deliveredat datesent",
        timezone="tz timezonename",
        subject="subjectline renderedsubject",
        error="errormessage lasterror errormsg failurereason",
    ),
    (("status",), ("leadData", "email"), ("templateId",)),
)
KINDS = (TEMPLATES, CONTACTS, EMAIL_QUEUE, PROCESSOR_QUEUE)
"""In the order in which they move: a mail finds its contact there already."""
BY_NAME = {kind.name: kind for kind in KINDS}
LEFT_OUT = {"variationstorage": "generated variations are not moved; new ones are made from the templates"}
"""Tables that stay, with the reason."""

LEAD = _fields(
    name="contactname fullname personname leadname",
    businessName="business company companyname bizname organization",
    phone="phonenumber telephone tel mobile",
    email="emailaddress mail",
    websiteUrl="website web site homepage url businessurl",
    category="businesscategory trade industry",
    servicesRendered="services serviceslist servicesoffered",
    city="location town",
    title="posttitle adtitle headline",
    body="postbody description text adbody",
    opener="openingline icebreaker",
    websiteScore="score sitescore",
    language="lang",
    imageHash="imghash phash",
    contactUrl="captchaurl replyurl contactlink replylink",
    note="notes comment",
)
"""Keys of the object of a lead."""
LEAD_KEYS = {word: name for name, words in LEAD.items() for word in words}
