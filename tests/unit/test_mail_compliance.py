"""What must hold before a mail may leave, and the way out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadgen.mail.compliance import SourcePolicy, preflight, suppression_keys
from leadgen.mail.optout import make_token, opt_out_link, read_token
from leadgen.mail.recipients import address_problem, sendable
from leadgen.model.config import Settings
from leadgen.model.documents import Alternative, Contact, EmailJob, LeadData, Provenance, Suppression
from leadgen.model.errors import InvalidInput
from leadgen.model.ids import suppression_id
from leadgen.model.status import ContactStatus, EmailStatus
from leadgen.pipeline.suppression import canonical_value
from leadgen.pipeline.suppression import suppression_keys as triage_keys

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
CONFIG = Settings(sender_name="Ada", postal_address="1 Main St, Austin, TX", recontact_days=180)
OPEN = SourcePolicy(may_email=True, relay_domains=frozenset({"reply.site.example"}))


def outcome(
    *,
    email: str = "maria@lonestar.example",
    config: Settings = CONFIG,
    source: SourcePolicy = OPEN,
    last_sent: datetime | None = None,
    suppressed: tuple[str, str] | None = None,
    timezone: str = "America/Chicago",
) -> tuple[EmailStatus, str] | None:
    lead = LeadData(email=email, phone="+15125550142")
    job = EmailJob(
        template_id=1, lead_data=lead, city="austin", status=EmailStatus.QUEUED, created_at=NOW, timezone=timezone
    )
    entries = {}
    if suppressed is not None:
        kind, value = suppressed
        key = suppression_id(kind, value)
        if key in suppression_keys(lead):
            entries[key] = Suppression(kind=kind, value=value, reason="asked", created_by="x", created_at=NOW)
    refusal = preflight(job, config, lead, entries, source, last_sent, NOW)
    return (refusal.status, refusal.reason) if refusal is not None else None


def test_a_lawful_mail_passes() -> None:
    assert outcome() is None


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (CONFIG.model_copy(update={"postal_address": "  "}), "postal address"),
        (CONFIG.model_copy(update={"sender_name": "", "company_name": ""}), "sender"),
    ],
)
def test_without_sender_or_postal_address_mail_waits(config: Settings, words: str) -> None:
    found = outcome(config=config)
    assert found is not None
    assert found[0] is EmailStatus.QUEUED
    assert words in found[1]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "maria@lonestar.example"),
        ("phone", "+15125550142"),
        ("domain", "lonestar.example"),
    ],
)
def test_suppressed_by_address_phone_or_domain(kind: str, value: str) -> None:
    found = outcome(suppressed=(kind, value))
    assert found is not None
    assert found[0] is EmailStatus.SUPPRESSED


def test_a_suppressed_domain_covers_its_subdomains_but_not_its_neighbours() -> None:
    assert outcome(email="a@mail.lonestar.example", suppressed=("domain", "lonestar.example")) is not None
    assert outcome(email="a@notlonestar.example", suppressed=("domain", "lonestar.example")) is None


def test_suppression_knows_no_upper_case() -> None:
    assert outcome(email="Maria@LoneStar.example", suppressed=("email", "maria@lonestar.example")) is not None


def test_written_to_lately_is_refused_and_later_is_not() -> None:
    found = outcome(last_sent=NOW - timedelta(days=179))
    assert found is not None
    assert found[0] is EmailStatus.SUPPRESSED
    assert "2026-11-25" in found[1]
    assert outcome(last_sent=NOW - timedelta(days=180)) is None


def test_a_source_that_does_not_allow_mail_holds_it() -> None:
    found = outcome(source=SourcePolicy(may_email=False))
    assert found is not None
    assert found[0] is EmailStatus.HELD


@pytest.mark.parametrize("timezone", ["", "Mars/Olympus", "../etc/passwd", "America"])
def test_an_unknown_timezone_holds_the_mail(timezone: str) -> None:
    found = outcome(timezone=timezone)
    assert found is not None
    assert found[0] is EmailStatus.HELD


BAD_ADDRESSES = [
    "",
    "   ",
    "nobody",
    "a@b",
    "a@b.example, c@d.example",
    "a@b.example;c@d.example",
    "Maria <a@b.example>",
    "a@b.example\r\nBcc: c@d.example",
    "a\x00@b.example",
    "a\u202e@b.example",
    "x" * 10_000 + "@b.example",
    "a@-b.example",
    "a..b@c.example",
    "a@[127.0.0.1]",
]


@pytest.mark.parametrize("email", BAD_ADDRESSES)
def test_what_is_no_single_address_is_never_written_to(email: str) -> None:
    found = outcome(email=email)
    assert found is not None
    assert found[0] is EmailStatus.ERROR_NO_EMAIL


@pytest.mark.parametrize("email", ["maria@münchen.example", "o'neil+x@sub.lonestar.example"])
def test_unusual_addresses_are_fine(email: str) -> None:
    assert address_problem(email) == ""


@pytest.mark.parametrize("email", ["abc@reply.site.example", "abc@x.reply.site.example", "x@reply.craigslist.org"])
def test_relay_addresses_are_not_people(email: str) -> None:
    found = outcome(email=email)
    assert found is not None
    assert found[0] is EmailStatus.ERROR_NO_EMAIL
    assert "relay" in found[1]


@given(st.emails())
def test_an_opt_out_token_names_its_address(email: str) -> None:
    assert read_token("key", make_token("key", email)) == read_token("key", make_token("key", email.upper().lower()))


def test_an_opt_out_token_opts_out_one_address_only() -> None:
    token = make_token("key", "Maria@lonestar.example")
    assert read_token("key", token) == "maria@lonestar.example"
    other = make_token("key", "other@lonestar.example")
    for forged in (
        token[:-2],
        token[:22] + other[22:],
        "",
        "x",
        "ä",
        "A" * 5_000,
        make_token("foreign", "a@b.example"),
    ):
        with pytest.raises(InvalidInput):
            read_token("key", forged)
    with pytest.raises(InvalidInput):
        read_token("", token)


def test_links_outlive_a_change_of_keys() -> None:
    token = make_token("old", "a@b.example")
    assert read_token("new,old", token) == "a@b.example"
    assert read_token("new,old", make_token("new,old", "a@b.example")) == "a@b.example"
    assert read_token("new", make_token("new,old", "a@b.example")) == "a@b.example"


def test_no_link_without_address_or_key() -> None:
    assert opt_out_link("key", "a@b.example", "") == ""
    assert opt_out_link("", "a@b.example", "https://go.example") == ""


ALLOW = {"allow_role_addresses": True, "allow_disposable_addresses": True}


@pytest.mark.parametrize("email", ["info@lonestar.example", "Sales+x@lonestar.example", "kontakt@münchen.example"])
def test_role_addresses_by_setting(email: str) -> None:
    assert outcome(email=email) is None
    found = outcome(email=email, config=CONFIG.model_copy(update={"allow_role_addresses": False}))
    assert found is not None
    assert found[0] is EmailStatus.HELD
    assert "allowRoleAddresses" in found[1]


@pytest.mark.parametrize("email", ["x@mailinator.com", "x@sub.mailinator.com", "X@YOPMAIL.com"])
def test_disposable_addresses_by_setting(email: str) -> None:
    found = outcome(email=email)
    assert found is not None
    assert found[0] is EmailStatus.HELD
    assert "allowDisposableAddresses" in found[1]
    assert outcome(email=email, config=CONFIG.model_copy(update=ALLOW)) is None
    assert outcome(email="x@gmail.com") is None


@pytest.mark.parametrize(
    "email", ["noreply@x.example", "postmaster@x.example", "ABUSE@x.example", "no-reply+1@x.example"]
)
def test_nobodys_addresses_are_never_written_to(email: str) -> None:
    found = outcome(email=email, config=CONFIG.model_copy(update=ALLOW))
    assert found is not None
    assert found[0] is EmailStatus.ERROR_NO_EMAIL


@pytest.mark.parametrize(
    ("entry", "email"),
    [
        (("domain", "münchen.example"), "maria@xn--mnchen-3ya.example"),
        (("domain", "münchen.example"), "maria@MÜNCHEN.example"),
        (("email", "maria@münchen.example"), "Maria@xn--mnchen-3ya.example"),
    ],
)
def test_both_spellings_of_an_international_domain_are_one(entry: tuple[str, str], email: str) -> None:
    found = outcome(email=email, suppressed=entry)
    assert found is not None
    assert found[0] is EmailStatus.SUPPRESSED


def test_both_spellings_stand_on_the_list_as_one() -> None:
    assert canonical_value("domain", "xn--mnchen-3ya.example") == canonical_value("domain", "@München.example.")
    assert canonical_value("email", "A@xn--mnchen-3ya.example") == "a@münchen.example"


def test_providers_get_the_domain_in_ascii() -> None:
    assert sendable("Maria@münchen.example") == "maria@xn--mnchen-3ya.example"
    assert sendable("Maria@lonestar.example") == "maria@lonestar.example"


def test_triage_and_preflight_look_for_the_same_entries() -> None:
    lead = LeadData(email="maria@mail.lonestar.example", phone="+15125550142")
    assert list(suppression_keys(lead).values()) == triage_keys([lead.email], [lead.phone])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "+15125550143"),
        ("phone", "+15125550144"),
        ("phone", "+15125550145"),
        ("phone", "+15125550146"),
        ("email", "shop@lonestar.example"),
        ("email", "old@elsewhere.example"),
        ("domain", "elsewhere.example"),
    ],
)
def test_every_number_and_address_that_is_known_counts(kind: str, value: str) -> None:
    lead = LeadData(
        email="maria@lonestar.example",
        phone="+15125550142",
        phones=["+15125550142", "+15125550143"],
        emails=["shop@lonestar.example"],
        faxes=["+15125550144"],
    )
    where = Provenance(at=NOW)
    contact = Contact(
        status=ContactStatus.PROCESSED,
        phone=lead.phone,
        lead_data_json=LeadData(faxes=["+15125550145"]),
        alternatives=[
            Alternative(field="phone", value="+15125550146", provenance=where),
            Alternative(field="email", value="old@elsewhere.example", provenance=where),
            Alternative(field="city", value="+15125550147", provenance=where),
        ],
        created_at=NOW,
        last_updated=NOW,
    )
    keys = suppression_keys(lead, contact)
    assert suppression_id(kind, value) in keys
    assert suppression_id("phone", "+15125550147") not in keys
    assert next(iter(keys)) == suppression_id("email", lead.email)


def test_the_refusal_names_a_number_that_is_not_the_leads_first() -> None:
    lead = LeadData(email="maria@lonestar.example", phone="+15125550142", faxes=["+15125550144"])
    job = EmailJob(
        template_id=1,
        lead_data=lead,
        city="austin",
        status=EmailStatus.QUEUED,
        created_at=NOW,
        timezone="America/Chicago",
    )
    key = suppression_id("phone", "+15125550144")
    asked = Suppression(kind="phone", value="+15125550144", reason="asked", created_by="x", created_at=NOW)
    refusal = preflight(job, CONFIG, lead, {key: asked}, OPEN, None, NOW)
    assert refusal is not None
    assert refusal.reason == "the phone number +15125550144 is suppressed: asked"


def test_links_in_mails_that_were_sent_stay_valid() -> None:
    token = make_token("k" * 44, "ada@contoso.example")
    assert token == "_ENHRzpDL-dx2-GNJbTzeGFkYUBjb250b3NvLmV4YW1wbGU"
    assert read_token(f"{'n' * 44},{'k' * 44}", token) == "ada@contoso.example"
