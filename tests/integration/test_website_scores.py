"""New leads carry the score of their website, measured from its home page, and each page is asked for once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.cloud import firestore

from leadgen.harvest.robots import RobotsCache
from leadgen.model.documents import Contact
from leadgen.model.status import ContactStatus, RequestStatus
from leadgen.pipeline.context import Context
from leadgen.pipeline.website_reader import HomePageReader
from leadgen.pipeline.websites import WebsiteMemory, Websites
from leadgen.store.clock import SystemClock
from local.classifieds import app as site
from local.classifieds.truth import truth
from local.classifieds.websites import manner_of
from local.serving import running
from tests.integration.test_pipeline import POSTS, World

CAPS = {"parked": 10, "broken": 10}


@pytest.fixture(scope="module")
def site_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, site.SiteState]]:
    async def no_wait(seconds: float) -> None:
        await asyncio.sleep(0)

    settings = site.Settings(data_dir=tmp_path_factory.mktemp("site"), posts_per_city=POSTS, sleep=no_wait)
    app = site.build_app(settings)
    with running(app) as url:
        yield url, app[site.STATE]


class Looking(World):
    """A campaign whose leads' websites are looked at."""

    websites_seen = WebsiteMemory()

    def context(self) -> Context:
        plain = super().context()
        websites = Websites(
            lambda: HomePageReader(SystemClock(), "Leadgen/0.1 (test)", self.env.local_hosts, RobotsCache()),
            self.clock,
            shared_hosts=self.env.local_hosts,
            memory=self.websites_seen,
        )
        return Context(
            self.db,
            self.env,
            clock=self.clock,
            publisher=self.broker,
            sources=self.sources,
            open_reader=self._reader,
            enricher=plain.enricher,
            websites=websites,
        )


def test_new_leads_carry_what_their_home_page_shows(
    firestore_db: firestore.Client, site_app: tuple[str, Any], tmp_path: Path
) -> None:
    url, state = site_app
    world = Looking(firestore_db, url, tmp_path, truth("austin", posts_per_city=POSTS))
    world.start(20)
    assert world.finish().status is RequestStatus.COMPLETED
    leads = [Contact.from_firestore(one.to_dict() or {}) for one in world.db.collection("contacts").stream()]
    with_site = [one.lead_data_json for one in leads if one.lead_data_json.website_url]
    assert len(with_site) >= 3
    for lead in with_site:
        advertiser, _ = state.websites[lead.website_url.removeprefix(url)]
        manner = manner_of(advertiser)
        assert lead.website_score is not None
        assert lead.website_reason
        assert lead.website_reasons
        assert lead.website_score <= CAPS.get(manner, 85)
        assert (lead.website_score >= 30) is (manner in ("plain", "good", "slow"))
    without = [one.lead_data_json for one in leads if not one.lead_data_json.website_url]
    assert all(lead.website_score is None for lead in without)
    asked = httpx.get(f"{url}/_standin/hits", trust_env=False).json()["paths"]
    assert all(asked[lead.website_url.removeprefix(url)] == 1 for lead in with_site)
    suppressed = [one for one in leads if one.status is ContactStatus.SUPPRESSED]
    assert all(one.lead_data_json.website_score is None for one in suppressed)
