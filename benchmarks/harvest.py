"""How fast, how cheaply and in how little memory a site is read: leadgen beside Scrapy, same site, same job, same run.

A small board of classified ads is served from a process of its own (`benchmarks/sites/board.py`, pages of about 18 KB
that are rendered before the first request). Each reader is a process of its own, too, so that CPU time and peak memory
can be compared; they take turns, and medians of the runs are shown. Both read every listing page, follow every post on
it, and take of each post the title, the text, the phone numbers in it in their usual form and the addresses of its
pictures; a run whose items differ from the other reader's counts as failed.

- leadgen (`benchmarks/readers/ours.py`): `Fetcher` as in production — address guard, robots.txt, pacing, bound on
  requests under way, limits, retries, decoding — with a rate that nothing but the bound limits
  (`requests_per_second=inf`, `delay_seconds=0`), `parse_listing` with a source definition, and the fields by CSS
  selector.
- Scrapy (`benchmarks/peers/scrapy_spider.py`): its defaults with `ROBOTSTXT_OBEY`, the same concurrency, AutoThrottle,
  cookies and telnet off, and the log at errors.
- "whole extraction" is leadgen with all that the Processor finds in a post (disguised phones, emails, links, structured
  data, language) instead of the four fields: more than the peer's job, shown for what it costs.

Times run from the first request to the last item; starting Python and importing is not counted, on either side. The
share of what the latency allows counts the two requests nobody can overlap (robots.txt and the first listing) as given:
allowed = (2 + (pages - 1) / concurrency) x latency. The readers and the server share the machine: on one with two
cores nothing else should run, or pages a second say nothing (the load average of the last minute is in the last line).

    python -m benchmarks.harvest [--runs 3] [--listings 40] [--posts 50] [--json FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers import python as peers_python

ROOT = Path(__file__).parent.parent
PATIENCE_S = 300.0
CASES = tuple((concurrency, latency) for concurrency in (16, 32) for latency in (0, 100))


@dataclass(frozen=True)
class Run:
    """One crawl.

    Args:
        pages: pages read.
        seconds: from the first request to the last item.
        cpu_s: CPU time of the reader in that time.
        rss_mb: the reader's peak memory, imports included.
    """

    pages: int
    seconds: float
    cpu_s: float
    rss_mb: float

    @property
    def pages_per_s(self) -> float:
        """Pages a second."""
        return self.pages / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU time a page, in milliseconds."""
        return self.cpu_s * 1000 / self.pages


@dataclass(frozen=True)
class Job:
    """What a reader is asked to do.

    Args:
        url: the board.
        concurrency: requests under way at a time.
        folder: where items are put.
    """

    url: str
    concurrency: int
    folder: Path

    def ours(self, *, whole: bool = False) -> Run:
        """leadgen's run."""
        command = [sys.executable, "-m", "benchmarks.readers.ours", self.url, str(self.concurrency)]
        return _run([*command, str(self.folder / "ours.jsonl"), *(["--whole"] if whole else [])])

    def scrapy(self) -> Run:
        """Scrapy's run."""
        spider = ROOT / "benchmarks" / "peers" / "scrapy_spider.py"
        command = [str(peers_python()), str(spider), f"{self.url}/list/0", str(self.concurrency)]
        return _run([*command, str(self.folder / "scrapy.jsonl")])

    def check_items(self, expected: int) -> None:
        """Both readers found every post, and the same in it.

        Raises:
            SystemExit: they did not.
        """
        ours, scrapys = (_items(self.folder / f"{name}.jsonl") for name in ("ours", "scrapy"))
        if len(ours) != expected or ours != scrapys:
            different = sum(ours.get(url) != item for url, item in scrapys.items())
            raise SystemExit(
                f"The readers do not agree: {len(ours)} and {len(scrapys)} items of {expected}, {different} differ."
            )


def _items(path: Path) -> dict[str, dict[str, Any]]:
    return {item["url"]: item for item in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


def _run(command: list[str]) -> Run:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "backend_functions")])}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode:
        raise SystemExit(f"`{' '.join(command)}` failed:\n{done.stderr[-3000:]}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


class Board:
    """The site, while it is served.

    Args:
        url: its address.
        served: what it was asked and the CPU time that cost; filled when it ends.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.served: dict[str, float] = {}


@contextlib.contextmanager
def board(listings: int, posts: int, latency_ms: int) -> Iterator[Board]:
    """Serve the board."""
    command = [sys.executable, "-m", "benchmarks.sites.board", "--listings", str(listings), "--posts", str(posts)]
    with subprocess.Popen(
        [*command, "--latency-ms", str(latency_ms)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            site = Board(json.loads(process.stdout.readline())["url"])
            yield site
            process.stdin.close()
            site.served = json.loads(process.stdout.readline())
        finally:
            process.terminate()


def measure(concurrency: int, latency_ms: int, options: argparse.Namespace) -> dict[str, float]:
    """One case: both readers in turn, as often as asked; medians. The whole extraction runs once, without latency."""
    ours: list[Run] = []
    wholes: list[Run] = []
    scrapys: list[Run] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        board(options.listings, options.posts, latency_ms) as site,
    ):
        job = Job(site.url, concurrency, Path(folder))
        for number in range(options.runs):
            ours.append(job.ours())
            scrapys.append(job.scrapy())
            if number == 0:
                job.check_items(options.listings * options.posts)
                if not latency_ms:
                    wholes.append(job.ours(whole=True))
    pages = ours[0].pages
    allowed_s = (2 + (pages - 1) / concurrency) * latency_ms / 1000
    case = {
        "concurrency": concurrency,
        "latency_ms": latency_ms,
        "pages": pages,
        "pages_per_s": _median(run.pages_per_s for run in ours),
        "scrapy_pages_per_s": _median(run.pages_per_s for run in scrapys),
        "cpu_ms_per_page": _median(run.cpu_ms for run in ours),
        "scrapy_cpu_ms_per_page": _median(run.cpu_ms for run in scrapys),
        "latency_share": _median(allowed_s / run.seconds for run in ours),
        "scrapy_latency_share": _median(allowed_s / run.seconds for run in scrapys),
        "rss_mb": _median(run.rss_mb for run in ours),
        "scrapy_rss_mb": _median(run.rss_mb for run in scrapys),
        "server_cpu_ms_per_page": round(site.served["cpu_s"] * 1000 / site.served["asked"], 3),
    }
    for run in wholes:
        case |= {
            "whole_pages_per_s": round(run.pages_per_s, 3),
            "whole_cpu_ms_per_page": round(run.cpu_ms, 3),
            "whole_rss_mb": round(run.rss_mb, 3),
        }
    return case


def _median(values: Iterator[float]) -> float:
    return round(statistics.median(values), 3)


def table(cases: list[dict[str, float]]) -> str:
    """The cases for people."""
    head = (
        f"{'concurrency x latency':>22} {'':>17} {'pages/s':>9} {'CPU ms/page':>12} {'of latency':>11} {'peak MB':>8}"
    )
    lines = [head]
    for case in cases:
        label = f"{case['concurrency']:.0f} x {case['latency_ms']:.0f} ms"
        for name, prefix in (("leadgen", ""), ("Scrapy", "scrapy_"), ("whole extraction", "whole_")):
            if f"{prefix}pages_per_s" not in case:
                continue
            share = case.get(f"{prefix}latency_share", 0.0)
            shown = f"{share:.1%}" if share else "-"
            lines.append(
                f"{label:>22} {name:>17} {case[f'{prefix}pages_per_s']:>9.0f} {case[f'{prefix}cpu_ms_per_page']:>12.2f}"
                f" {shown:>11} {case[f'{prefix}rss_mb']:>8.0f}"
            )
            label = ""
    return "\n".join(lines)


def summary(cases: list[dict[str, float]]) -> dict[str, object]:
    """The figures in one object: the worst of leadgen's, each beside the peer's of the same case."""
    fast = [case for case in cases if not case["latency_ms"]] or cases
    slow = [case for case in cases if case["latency_ms"]]
    worst = min(fast, key=lambda case: case["pages_per_s"] / case["scrapy_pages_per_s"])
    return {
        "pages_per_s": worst["pages_per_s"],
        "scrapy_pages_per_s": worst["scrapy_pages_per_s"],
        "times_scrapy": round(worst["pages_per_s"] / worst["scrapy_pages_per_s"], 2),
        "cpu_ms_per_page": max(case["cpu_ms_per_page"] for case in fast),
        "scrapy_cpu_ms_per_page": min(case["scrapy_cpu_ms_per_page"] for case in fast),
        "latency_share": min((case["latency_share"] for case in slow), default=None),
        "rss_mb": max(case["rss_mb"] for case in cases),
        "scrapy_rss_mb": min(case["scrapy_rss_mb"] for case in cases),
        "whole_pages_per_s": min(case["whole_pages_per_s"] for case in fast),
        "whole_cpu_ms_per_page": max(case["whole_cpu_ms_per_page"] for case in fast),
        "server_cpu_ms_per_page": max(case["server_cpu_ms_per_page"] for case in cases),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2),
        "cases": cases,
    }


def main() -> None:
    """Measure all cases; a table, and one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="runs of each reader in each case; medians are shown")
    parser.add_argument("--listings", type=int, default=40)
    parser.add_argument("--posts", type=int, default=50, help="posts on a listing")
    parser.add_argument("--json", type=Path, help="write the last line to this file, too")
    options = parser.parse_args()
    cases: list[dict[str, float]] = []
    for concurrency, latency_ms in CASES:
        print(f"{concurrency} requests under way, {latency_ms} ms latency …", file=sys.stderr, flush=True)
        cases.append(measure(concurrency, latency_ms, options))
    print(table(cases))
    line = json.dumps(summary(cases))
    if options.json:
        options.json.write_text(line + "\n", encoding="utf-8")
    print(line)


if __name__ == "__main__":
    main()
