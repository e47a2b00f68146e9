"""One expectation of a robots.txt parser, and files that both are asked about."""

from __future__ import annotations

from dataclasses import dataclass

LONG = 8 * 2083


@dataclass(frozen=True)
class Case:
    """One expectation.

    Args:
        by: who expects it.
        what: what is expected, in words.
        file: the robots.txt; lines may be indented.
        allowed: paths (or URLs) that the agent may fetch.
        forbidden: those it may not.
        agent: the product that asks, as in its User-Agent header.
    """

    by: str
    what: str
    file: str | bytes
    allowed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    agent: str = "scout"

    def __str__(self) -> str:
        return f"{self.by}: {self.what}".replace(" ", "-")


# What both speak of.
OWLS = """
    user-agent: owl-news
    disallow: /
    allow: /1
    user-agent: *
    disallow: /
    allow: /2
    user-agent: owl
    disallow: /
    allow: /3
"""
PATTERNS = {
    # pattern: (paths it covers, paths it does not)
    "/": (("/", "/harbour", "/harbour/boat.html", "/?q=1"), ()),
    "/*": (("/", "/harbour", "/harbour/boat.html"), ()),
    "/$": (("/",), ("/harbour", "/index.html", "/?a")),
    "/trout": (
        ("/trout", "/trout.html", "/trout/brown.html", "/trouts", "/trouts/all.html", "/trout.php?id=1"),
        ("/Trout.asp", "/seatrout", "/?id=trout", "/lake/trout"),
    ),
    "/trout*": (
        ("/trout", "/trout.html", "/trout/brown.html", "/trouts", "/trouts/all.html", "/trout.php?id=1"),
        ("/Trout.asp", "/seatrout", "/?id=trout"),
    ),
    "/trout/": (
        ("/trout/", "/trout/?brown", "/trout/?id=1", "/trout/brown.html"),
        ("/trout", "/trout.html", "/Trout/Brown.asp"),
    ),
    "/*.php": (
        (
            "/page.php",
            "/sub/page.php",
            "/sub/page.php?a=b",
            "/sub/any.php.old.html",
            "/page.php/",
            "/index?f=page.php/",
            "//sub/any.php.html",
        ),
        ("/", "/index?php", "/php/", "/page.PHP", "/bar"),
    ),
    "/*.php$": (
        ("/page.php", "/sub/page.php"),
        ("/page.php?a=b", "/page.php/", "/page.php5", "/php/", "/page?php", "/xxphpxx", "//page.PHP"),
    ),
    "/trout*.php": (("/trout.php", "/trouts/seatrout.php?a=b"), ("/Trout.PHP",)),
}
