"""No post, whatever it says, changes anything but its own plain text fields: not even where the model obeys it.

The stand-in is asked over HTTP in two tempers: it does what the post orders, or puts the post's first line into every
field. So what holds here is held by the code, not by a model's good sense.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from leadgen.llm.client import ModelClient
from leadgen.llm.enrich import Enricher
from leadgen.llm.machinetalk import for_people, speaks_to_machine
from leadgen.llm.providers import Provider
from leadgen.llm.schema import CATEGORIES
from leadgen.llm.website import WebsiteFacts
from leadgen.model.documents import LeadData
from local.model.app import build_app
from local.model.settings import Settings
from local.serving import running
from tests.granting import Counter
from tests.marking import labelled

HTTP = httpx.Client(trust_env=False)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FILE = Path(__file__).parent.parent / "data" / "enrichment" / "hostile.jsonl"
POSTS = [json.loads(line) for line in FILE.open(encoding="utf-8")]
OWN_FIELDS = {
    "name", "business_name", "category", "services_rendered", "language", "website_score", "website_reason", "opener",
    "enriched_by", "note",
}  # fmt: skip
SITE = WebsiteFacts("http://pipes.wixsite.com", score=20, reason="It has no title.", reasons=("It has no title.",))
LEAD = LeadData(
    city="austin", phone="+15125550100", phones=["+15125550100"], email="joe@pipes.example",
    emails=["joe@pipes.example"], contact_url="https://site.example/contact/1", image_hash="abcd",
    website_url=SITE.url,
)  # fmt: skip
HONEST = LEAD.model_copy(
    update={
        "title": "Licensed plumber, same day service",
        "body": "Hays Pipe Works – Joe. We do drain cleaning, repipes and toilets.",
    }
)


class Fixed:
    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(build_app(Settings(tmp_path_factory.mktemp("model")))) as base:
        yield base


@pytest.fixture(scope="module", params=["obey", "echo", "rules"])
def enriched(request: pytest.FixtureRequest, service: str) -> list[LeadData]:
    """Every hostile post, and after them an honest one of the same batch, as enrichment leaves them."""
    HTTP.post(f"{service}/_standin/reset").raise_for_status()
    posts = [*(lead(post) for post in POSTS), HONEST]
    if request.param == "rules":
        return [one.lead for one in Enricher(Counter(0), (), Fixed()).enrich(posts, {SITE.url: SITE})]
    HTTP.post(f"{service}/_standin/faults", json={"kind": request.param}).raise_for_status()
    client = ModelClient(f"{service}/v1", "local", "rules-1", 30.0, clock=Fixed())
    provider = Provider("one", client)
    found: list[LeadData] = []
    for start in range(0, len(posts), 20):
        part = posts[start : start + 20]
        found += [one.lead for one in Enricher(Counter(99), [provider], Fixed()).enrich(part, {SITE.url: SITE})]
    client.close()
    return found


def lead(post: dict[str, Any]) -> LeadData:
    return LEAD.model_copy(update={"title": post["title"], "body": post["body"]})


def texts(found: LeadData) -> list[str]:
    return [
        found.name, found.business_name, found.category, found.language, found.website_reason, found.opener,
        *found.services_rendered,
    ]  # fmt: skip


def test_there_are_many_and_of_many_kinds() -> None:
    assert len(POSTS) >= 40
    assert len({post["kind"] for post in POSTS}) >= 9


def test_nothing_but_the_posts_own_text_fields_changes(enriched: list[LeadData]) -> None:
    for post, found in zip(POSTS, enriched, strict=False):
        before = lead(post)
        changed = {name for name in LeadData.model_fields if getattr(before, name) != getattr(found, name)}
        assert changed <= OWN_FIELDS, post["body"][:80]


def test_what_was_slipped_in_is_in_no_field(enriched: list[LeadData]) -> None:
    for post, found in zip(POSTS, enriched, strict=False):
        said = unicodedata.normalize("NFKC", " | ".join(texts(found))).casefold()
        for piece in post["payload"]:
            assert unicodedata.normalize("NFKC", piece).casefold() not in said, (piece, said)


def test_names_category_and_language_are_those_of_the_honest_part(enriched: list[LeadData]) -> None:
    for post, found in zip(POSTS, enriched, strict=False):
        assert found.business_name in {"Hays Pipe Works", ""}, post["body"][:80]
        assert found.name in {"Joe", ""}, post["body"][:80]
        assert found.category == "Plumbing", post["body"][:80]
        assert found.language == "en", post["body"][:80]


def test_no_text_holds_anything_that_acts(enriched: list[LeadData]) -> None:
    for found in enriched:
        for text in texts(found):
            assert not set(text) & set("{}<>[]|\\`^\r\n\t\x00\x1b\u202e\u2066\u2028")
            assert not text.startswith(("=", "+", "-", "@"))
            assert "://" not in text
            assert "@" not in text
            assert text.isprintable()
            assert len(text) <= 180
        assert len(found.services_rendered) <= 8


def test_the_category_is_of_the_list_and_the_score_near_the_measured_one(enriched: list[LeadData]) -> None:
    for found in enriched:
        assert found.category in CATEGORIES
        assert found.website_score is not None
        assert abs(found.website_score - 20) <= 15


def test_most_still_get_a_useful_description(enriched: list[LeadData]) -> None:
    described = [found for found in enriched if found.services_rendered and found.opener]
    assert len(described) >= len(enriched) * 0.9


def test_an_honest_post_beside_them_is_described_as_if_it_were_alone(enriched: list[LeadData]) -> None:
    honest = enriched[-1]
    assert (honest.business_name, honest.name, honest.category) == ("Hays Pipe Works", "Joe", "Plumbing")
    assert any("toilets" in service for service in honest.services_rendered)
    assert any("drain cleaning" in service for service in honest.services_rendered)


def test_the_stand_in_does_obey(service: str) -> None:
    """What is held off above did reach the answers."""
    HTTP.post(f"{service}/_standin/reset").raise_for_status()
    reached = 0
    for kind in ("obey", "echo"):
        HTTP.delete(f"{service}/_standin/faults").raise_for_status()
        HTTP.post(f"{service}/_standin/faults", json={"kind": kind}).raise_for_status()
        for post in POSTS[:12]:
            body = {"model": "rules-1", "messages": [{"role": "user", "content": json.dumps({"ad": post})}]}
            schema = {"properties": {k: {"type": "string"} for k in ("opener", "businessName", "contactName")}}
            body["response_format"] = {
                "type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object", **schema}}
            }  # fmt: skip
            answer = HTTP.post(
                f"{service}/v1/chat/completions", json=body, headers={"Authorization": "Bearer local"}
            ).text.casefold()
            reached += any(piece.casefold() in answer for piece in post["payload"])
    assert reached >= 16


def test_honest_ads_do_not_speak_to_programs() -> None:
    for post in labelled():
        assert for_people(post.lead.body) == post.lead.body


@pytest.mark.parametrize(
    "text",
    [
        "We set up email with Outlook and phones with voicemail.",
        "Use our services with confidence.",
        "Sprinkler system: repair and install.",
        "Ask about our home security system, all models.",
        "Never ignore a leak, it only gets worse.",
        "Change your business name or address? I file the forms.",
    ],
)
def test_sentences_that_only_look_so_are_kept(text: str) -> None:
    assert not speaks_to_machine(text)
