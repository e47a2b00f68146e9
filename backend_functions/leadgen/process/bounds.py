"""Cuts pathological pages to a size that parses in bounded time.

An HTML tree is built in time that grows with the square of the nesting and of the number of attributes of one
element: a page of 500 kB can take a minute. Real pages nest less than 100 deep; browsers stop at 512.
"""

from __future__ import annotations

import re

from leadgen.process.wordlist import word_set

MAX_HTML = 2_000_000
"""Characters of a page that are read."""
MAX_DEPTH = 250
MAX_TAG = 16_384
_FEW_TAGS = 1_000

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
# They have no end, or end by themselves where the next one begins.
_NEVER_NEST = word_set(
    """
    area base br col embed hr img input link meta param source track wbr p li dt dd tr td th option thead
    tbody tfoot html head body
    """
)


def bounded(html: str) -> str:
    """The page without what would make parsing it slow: its far end, giant tags, and tags nested too deep."""
    html = html[:MAX_HTML].replace("\x00", "")
    if len(html) > MAX_TAG:
        html = _without_giant_tags(html)
    return _flattened(html) if html.count("<") > _FEW_TAGS else html


def _without_giant_tags(html: str) -> str:
    pieces: list[str] = []
    done = 0
    while done < len(html):
        end = html.find(">", done)
        end = len(html) if end < 0 else end + 1
        if end - done > MAX_TAG:
            start = _TAG.search(html, done, end)
            if start and end - start.start() > MAX_TAG:
                pieces += (html[done : start.start()], html[start.start() : start.start() + MAX_TAG], ">")
                done = end
                continue
        pieces.append(html[done:end])
        done = end
    return "".join(pieces)


def _flattened(html: str) -> str:
    """Leave out start tags beyond `MAX_DEPTH`; their text stays."""
    depth = 0
    pieces: list[str] = []
    done = 0
    for tag in _TAG.finditer(html):
        name = tag[2].lower()
        if name in _NEVER_NEST:
            continue
        if tag[1]:
            depth = max(0, depth - 1)
            continue
        if depth < MAX_DEPTH:
            depth += 1
            continue
        if tag.start() >= done:
            end = html.find(">", tag.end())
            pieces.append(html[done : tag.start()])
            done = len(html) if end < 0 else end + 1
    return "".join(pieces) + html[done:] if pieces else html
