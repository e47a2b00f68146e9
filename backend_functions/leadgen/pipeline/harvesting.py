"""The Harvester as the triggers start it."""

from __future__ import annotations

from leadgen.harvest.crawl import run_harvest
from leadgen.harvest.deps import HarvestDeps
from leadgen.pipeline.context import Context


def harvest(context: Context, request_id: str) -> None:
    """Take a campaign's harvest as far as it goes now."""
    run_harvest(harvest_deps(context), request_id)


def harvest_deps(context: Context) -> HarvestDeps:
    """What the harvest works with."""
    return HarvestDeps(
        db=context.db,
        sources=context.sources,
        fetcher_factory=context.open_reader,
        publisher=context.publisher,
        clock=context.clock,
        owner=context.owner,
    )
