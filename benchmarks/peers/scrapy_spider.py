"""The job of `benchmarks/harvest.py`, done by Scrapy. Runs in the peers' environment; prints one JSON line.

python scrapy_spider.py http://127.0.0.1:8000/list/0 16 ITEMS.jsonl
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time

import scrapy
from scrapy import signals
from scrapy.crawler import CrawlerProcess

PHONE = re.compile(r"\(\d{3}\) \d{3}-\d{4}")
START_URL, CONCURRENCY, ITEMS = sys.argv[1], int(sys.argv[2]), sys.argv[3]
ITEMS_KEPT: list[dict] = []
FIGURES: dict[str, float] = {}


class BoardSpider(scrapy.Spider):
    """Listings, their posts, and of each post the title, the text, the phone numbers in it and its pictures."""

    name = "board"
    start_urls = [START_URL]

    @classmethod
    def from_crawler(cls, crawler, *args, **kwargs):
        """Take the time from the moment the crawl begins until it ends; starting Python is not counted."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.opened, signals.spider_opened)
        crawler.signals.connect(spider.ended, signals.spider_idle)
        return spider

    def opened(self):
        """Start the watch."""
        FIGURES["began"], FIGURES["cpu_began"] = time.perf_counter(), time.process_time()

    def ended(self):
        """Stop the watch: nothing is left to do."""
        FIGURES["seconds"] = time.perf_counter() - FIGURES["began"]
        FIGURES["cpu_s"] = time.process_time() - FIGURES["cpu_began"]

    def parse(self, response):
        """A listing page."""
        FIGURES["pages"] = FIGURES.get("pages", 0) + 1
        for link in response.css("li.row a.title::attr(href)").getall():
            yield response.follow(link, self.parse_post)
        follow = response.css("a[rel=next]::attr(href)").get()
        if follow:
            yield response.follow(follow, self.parse)

    def parse_post(self, response):
        """A post."""
        FIGURES["pages"] += 1
        body = "".join(response.css("#body ::text").getall())
        ITEMS_KEPT.append(
            {
                "url": response.url,
                "title": "".join(response.css("#title ::text").getall()),
                "body": body,
                "phones": PHONE.findall(body),
                "images": [response.urljoin(src) for src in response.css("figure.gallery img::attr(src)").getall()],
            }
        )


def main() -> None:
    """Crawl, keep the items, tell the figures."""
    process = CrawlerProcess(
        {
            "ROBOTSTXT_OBEY": True,
            "CONCURRENT_REQUESTS": CONCURRENCY,
            "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
            "AUTOTHROTTLE_ENABLED": False,
            "DOWNLOAD_DELAY": 0,
            "COOKIES_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "LOG_LEVEL": "ERROR",
        }
    )
    process.crawl(BoardSpider)
    process.start()
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open(ITEMS, "w", encoding="utf-8") as file:
        for item in ITEMS_KEPT:
            file.write(json.dumps(item) + "\n")
    print(
        json.dumps(
            {
                "pages": FIGURES["pages"],
                "seconds": FIGURES["seconds"],
                "cpu_s": FIGURES["cpu_s"],
                "rss_mb": peak_kib / 1024,
            }
        )
    )


main()
