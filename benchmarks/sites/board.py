"""A board of classified ads that costs next to nothing to serve: every page is rendered before the first request.

It listens on the loopback interface, prints one JSON line with its address, and serves until its standard input ends;
then it prints one more, with what it was asked and the CPU time it spent.

    python -m benchmarks.sites.board --listings 40 --posts 50 --latency-ms 100
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from html import escape

TRADES = ("Plumbing", "Roofing", "Lawn care", "Moving", "House cleaning", "Tree work", "Painting", "Drywall")
TALK = """
    we are a small family crew with twenty years in the trade and the tools to prove it free estimates on every job
    no matter how big licensed bonded and insured in three counties weekends are fine by appointment ask about our
    winter rates we show up when we say we will and leave the place cleaner than we found it references on request
    kitchens baths decks fences gutters garages basements attics and everything between one call does it all
"""
WORDS = tuple(TALK.split())
PAGE_BYTES = 18_000


def sentence(rng: random.Random, words: int) -> str:
    """A sentence of that many words."""
    return " ".join(rng.choice(WORDS) for _ in range(words)).capitalize() + "."


def chrome(rng: random.Random, title: str, main: str) -> bytes:
    """A whole page of about `PAGE_BYTES`: what a board puts around its content, scripts and styles included."""
    head = (
        "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>"
        f"<title>{escape(title)}</title><meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<meta name=description content='{escape(sentence(rng, 12))}'>"
        "<link rel=stylesheet href=/s/main.css><script src=/s/app.js defer></script>"
        "<style>" + "".join(f".c{n}{{margin:{n}px;color:#{n * 1117:06x}}}" for n in range(30)) + "</style></head>"
    )
    menu = "".join(f"<li class=c{n}><a href='/section/{n}'>{rng.choice(WORDS)} {n}</a></li>" for n in range(24))
    page = f"{head}<body><header><nav><ul>{menu}</ul></nav></header><main>{main}</main><aside>"
    tail = "</aside><footer><p>Terms · Privacy · About</p></footer></body></html>"
    number = 0
    while len(page) + len(tail) < PAGE_BYTES:
        number += 1
        page += (
            f"<div class='card c{number % 30}' data-n={number}><h4><a href='/more/{number}'>{sentence(rng, 5)}</a></h4>"
            f"<p><span>{sentence(rng, 11)}</span> <em>{rng.choice(WORDS)}</em></p></div>"
        )
    return (page + tail).encode()


def post_page(rng: random.Random, number: int) -> bytes:
    """One ad: heading, text with a phone number in one paragraph, four pictures."""
    trade = rng.choice(TRADES)
    phone = f"({rng.randint(200, 989)}) 555-{rng.randint(100, 199):04d}"
    paragraphs = [sentence(rng, rng.randint(30, 60)) for _ in range(8)]
    paragraphs[rng.randrange(8)] += f" Call or text <b>{phone}</b> today!"
    title = f"{trade} &amp; repair, ad {number}"
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    pictures = "".join(f"<img src='/images/{number}_{n}.jpg' alt='{trade} {n}' width=600>" for n in range(4))
    main = (
        f"<article><h1 class=posttitle><span id=title>{title}</span></h1><figure class=gallery>{pictures}</figure>"
        f"<section id=body>{body}</section><p class=meta>post id: {7_000_000_000 + number}</p>"
        f"<a class=reply href='/reply/{number}'>reply</a></article>"
    )
    return chrome(rng, f"{trade} {number}", main)


def listing_page(rng: random.Random, number: int, listings: int, posts: int) -> bytes:
    """One listing: a row per ad, and a link to the next page."""
    rows = "".join(
        f"<li class=row><a class=title href='/post/{number * posts + n}.html'>{sentence(rng, 6)}</a>"
        f"<span class=price>${rng.randint(20, 900)}</span></li>"
        for n in range(posts)
    )
    follow = f"<a rel=next class=next href='/list/{number + 1}'>next</a>" if number + 1 < listings else ""
    return chrome(rng, f"Services, page {number + 1}", f"<ul class=rows>{rows}</ul>{follow}")


def render(listings: int, posts: int, seed: int) -> dict[bytes, bytes]:
    """Every answer the site has, headers included, by path."""
    rng = random.Random(seed)
    answers = {b"/robots.txt": _answer(b"User-agent: *\nDisallow: /reply/\nDisallow: /search\n", b"text/plain")}
    for number in range(listings):
        answers[b"/list/%d" % number] = _answer(listing_page(rng, number, listings, posts), b"text/html; charset=utf-8")
    for number in range(listings * posts):
        answers[b"/post/%d.html" % number] = _answer(post_page(rng, number), b"text/html; charset=utf-8")
    return answers


def _answer(body: bytes, media: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nServer: board\r\nContent-Type: %b\r\nContent-Length: %d\r\n" % (media, len(body))
    more = b"Date: Mon, 02 Mar 2026 12:00:00 GMT\r\nVary: Accept-Encoding\r\nConnection: keep-alive\r\n\r\n"
    return head + more + body


NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Connection(asyncio.Protocol):
    """One connection: finds the path of each request, and writes the answer when its time has come.

    Args:
        answers: what to send, by path.
        latency_s: between a request and its answer.
        asked: counts the requests; shared by all connections.
    """

    def __init__(self, answers: dict[bytes, bytes], latency_s: float, asked: list[int]) -> None:
        self._answers = answers
        self._latency_s = latency_s
        self._asked = asked
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request that has arrived."""
        assert self._transport is not None
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            request, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            answer = self._answers.get(request.split(b" ", 2)[1], NOT_FOUND)
            self._asked[0] += 1
            if self._latency_s:
                self._loop.call_later(self._latency_s, self._transport.write, answer)
            else:
                self._transport.write(answer)


async def serve(answers: dict[bytes, bytes], latency_s: float) -> None:
    """Serve until standard input ends."""
    loop, asked = asyncio.get_running_loop(), [0]
    server = await loop.create_server(lambda: Connection(answers, latency_s, asked), "127.0.0.1", 0, backlog=256)
    port = server.sockets[0].getsockname()[1]
    size = sum(map(len, answers.values())) // len(answers)
    print(json.dumps({"url": f"http://127.0.0.1:{port}", "page_bytes": size}), flush=True)
    began = time.process_time()
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps({"asked": asked[0], "cpu_s": time.process_time() - began}), flush=True)
    server.close()


def main() -> None:
    """Parse the options and serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=40)
    parser.add_argument("--posts", type=int, default=50, help="posts on a listing")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    answers = render(options.listings, options.posts, options.seed)
    asyncio.run(serve(answers, options.latency_ms / 1000))


if __name__ == "__main__":
    main()
