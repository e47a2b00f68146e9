"""The job of `benchmarks/harvest.py`, done by the product; prints one JSON line.

    python -m benchmarks.readers.ours http://127.0.0.1:8000 16 ITEMS.jsonl [--whole]

What runs is what the product runs: `Fetcher` with its address guard, robots.txt, pacing and per-host bound on requests
under way; `parse_listing` with a source definition read from TOML; then the fields, by CSS selector (the same job as
the peer's) or, with ``--whole``, by `extract_post`, which
also finds disguised phones, emails, links and structured data.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from leadgen.harvest.fetch import Fetcher, Page
from leadgen.harvest.listing import absolute, parse_listing
from leadgen.harvest.sources import Source, load_sources
from leadgen.store.clock import SystemClock

PHONE = re.compile(r"\(\d{3}\) \d{3}-\d{4}")
Item = dict[str, object]

DEFINITION = """
[source]
id = "board"
name = "Board"
base_url = "{url}"
delay_seconds = 0.0

[policy]
acknowledged_by = "the benchmark"
acknowledged_on = 2026-01-01

[cities.here]
listing_url = "/list/0"
timezone = "America/Chicago"
label = "Here"

[listing]
post_link = "li.row a.title"
next_link = "a[rel=next]"

[post]
title = "#title"
body = "#body"
images = "figure.gallery img"
contact_link = "a.reply"
contact_gate = "form"
"""


def read_source(url: str) -> Source:
    """The board's source definition."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "board.toml").write_text(DEFINITION.format(url=url))
        return load_sources(Path(folder))[0]


def same_job(page: Page, source: Source) -> Item:
    """The peer's fields: title, text, phone numbers in the usual form, pictures."""
    tree = LexborHTMLParser(page.utf8)
    title, body = tree.css_first(source.post.title), tree.css_first(source.post.body)
    text = body.text() if body is not None else ""
    pictures = (node.attributes.get("src") or "" for node in tree.css(source.post.images))
    return {
        "url": page.final_url,
        "title": title.text() if title is not None else "",
        "body": text,
        "phones": PHONE.findall(text),
        "images": [absolute(page.final_url, src) for src in pictures],
    }


def whole_extraction(page: Page, source: Source) -> Item:
    """All the Processor finds in a post."""
    from leadgen.process.post import PostSelectors, extract_post

    rules = source.post
    selectors = PostSelectors(rules.title, rules.body, rules.images, rules.contact_link, rules.contact_gate)
    post = extract_post(page.text, page.final_url, selectors, region=source.region)
    return {
        "url": post.url,
        "title": post.title,
        "phones": [phone.e164 for phone in post.phones],
        "images": list(post.image_urls),
    }


class Crawl:
    """One crawl of the board: a bounded crew takes addresses from a queue until it is empty.

    Args:
        fetcher: fetches.
        source: the board's definition.
        read: makes an item of a post.
    """

    def __init__(self, fetcher: Fetcher, source: Source, read: Callable[[Page, Source], Item]) -> None:
        self._fetcher = fetcher
        self._source = source
        self._read = read
        self._todo: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self.items: list[Item] = []
        self.pages = 0

    async def run(self, start: str, crew: int) -> None:
        """Read everything there is, from a listing's first page on."""
        self._todo.put_nowait((start, True))
        workers = [asyncio.create_task(self._work()) for _ in range(crew)]
        finished = asyncio.create_task(self._todo.join())
        # A worker ends only by failing; then the crawl has failed.
        done, _ = await asyncio.wait([finished, *workers], return_when=asyncio.FIRST_COMPLETED)
        for task in (finished, *workers):
            task.cancel()
        for task in done:
            task.result()

    async def _work(self) -> None:
        while True:
            url, is_listing = await self._todo.get()
            page = await self._fetcher.get(url)
            self.pages += 1
            await asyncio.sleep(0)  # whoever waits for the place that is free now sends its request before this is read
            if is_listing:
                self._follow(page)
            else:
                self.items.append(self._read(page, self._source))
            self._todo.task_done()

    def _follow(self, page: Page) -> None:
        listing = parse_listing(page, self._source)
        # The next listing first: its posts are wanted before this one's are read.
        if listing.next_url:
            self._todo.put_nowait((listing.next_url, True))
        for url in listing.post_urls:
            self._todo.put_nowait((url, False))


async def crawl(url: str, concurrency: int, *, whole: bool) -> tuple[dict[str, float], list[Item]]:
    """Crawl the board; figures and items."""
    if whole:
        import leadgen.process.post  # noqa: F401  loading it is not part of the crawl

    source = read_source(url)
    host = url.removeprefix("http://")
    fetcher = Fetcher(
        clock=SystemClock(),
        user_agent="Leadgen/0.1 (+mailto:ops@example.com)",
        local_hosts=frozenset({host}),
        requests_per_second=float("inf"),
        delay_seconds=source.delay_seconds,
        concurrency=concurrency,
    )
    began, cpu_began = time.perf_counter(), time.process_time()
    async with fetcher:
        job = Crawl(fetcher, source, whole_extraction if whole else same_job)
        await job.run(source.cities[0].listing_url, concurrency + 4)
    figures = {
        "pages": job.pages,
        "seconds": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu_began,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    return figures, job.items


def main() -> None:
    """Parse the options, crawl, keep the items, tell the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("concurrency", type=int)
    parser.add_argument("items", type=Path)
    parser.add_argument("--whole", action="store_true")
    options = parser.parse_args()
    figures, items = asyncio.run(crawl(options.url, options.concurrency, whole=options.whole))
    options.items.write_text("".join(json.dumps(item) + "\n" for item in items))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
