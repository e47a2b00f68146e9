"""What the two best-known robots.txt parsers are expected to do, and ours does: Google's and Protego's.

The expectations are those of Google's documentation and of the open-source parser it publishes, and of Protego's
documentation and tests, written down here in this project's words and with its own names. Each is met, or stands in
`DIFFERENCES` with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from yarl import URL

from leadgen.harvest.robots import RobotsRules
from leadgen.harvest.robots_txt import RobotsFile, product_token

EXPIRES = datetime(2026, 3, 3, tzinfo=UTC)
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


def _answer(case: Case, path: str) -> bool:
    body = case.file if isinstance(case.file, bytes) else "\n".join(map(str.strip, case.file.split("\n"))).encode()
    rules = RobotsRules(RobotsFile(body), unreachable=False, expires=EXPIRES)
    url = path if "://" in path.partition("?")[0] else f"http://site.example{path}"
    return rules.allows(URL(url), product_token(case.agent))


_OWLS = """
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
_PATTERNS = {
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

GOOGLE = [
    Case("google", "an empty file allows everything", "", ("/", "/a"), ()),
    Case(
        "google", "an agent without a name is bound by no named group", "user-agent: scout\ndisallow: /", ("/",), (), ""
    ),
    Case("google", "lines are name, colon, value", "user-agent: scout\ndisallow: /", (), ("/a/b", "/")),
    Case("google", "unknown names mean nothing", "agent: scout\nforbid: /", ("/a/b",)),
    Case("google", "a forgotten colon is forgiven", "user-agent scout\ndisallow /", (), ("/a/b",)),
    *(
        Case(
            "google", f"groups end where the next begins, and one agent's are joined ({agent})", _groups, *paths, agent
        )
        for _groups in [
            """allow: /early/

            user-agent: scout
            disallow: /
            allow: /one/
            user-agent: rover
            disallow: /
            allow: /two/


            allow: /three/
            user-agent: idler

            user-agent: scout
            allow: /four/
            disallow: /"""
        ]
        for agent, paths in {
            "scout": (("/one/a", "/four/a"), ("/two/a", "/early/")),
            "rover": (("/two/a", "/three/a"), ("/four/a", "/early/")),
            "idler": (("/four/a",), ("/early/",)),
        }.items()
    ),
    *(
        Case(
            "google",
            f"other lines between agents do not part them ({line}, {agent})",
            f"User-agent: scout\n{line}\nUser-agent: *\nDisallow: /",
            (),
            ("/",),
            agent,
        )
        for line in ("Sitemap: https://site.example/map.xml", "No-such-line: whatever")
        for agent in ("scout", "rover")
    ),
    *(
        Case("google", f"names count in any case ({file[:10]})", file, ("/a/b",), ("/b/c",))
        for file in (
            "USER-AGENT: scout\nALLOW: /a/\nDISALLOW: /",
            "user-agent: scout\nallow: /a/\ndisallow: /",
            "uSeR-aGeNt: scout\nAlLoW: /a/\ndIsAlLoW: /",
        )
    ),
    *(
        Case(
            "google",
            f"agents count in any case, up to the first blank ({written}, {agent})",
            f"User-Agent: {written}\nAllow: /a/\nDisallow: /",
            ("/a/b",),
            ("/b/c",),
            agent,
        )
        for written in ("SCOUT TWO", "scout two", "ScOuT tWo", "scout/2.1")
        for agent in ("Scout", "scout")
    ),
    Case(
        "google",
        "the words behind an agent's name are no name",
        "User-Agent: *\nDisallow: /\nUser-Agent: Scout Two\nAllow: /a/\nDisallow: /",
        ("/a/b",),
        ("/b",),
    ),
    Case(
        "google",
        "the group for all binds who has none",
        "user-agent: *\nallow: /\nuser-agent: scout\ndisallow: /",
        ("/a",),
        (),
        "rover",
    ),
    Case(
        "google",
        "a group of one's own comes before that for all",
        "user-agent: *\nallow: /\nuser-agent: scout\ndisallow: /",
        (),
        ("/a",),
    ),
    Case(
        "google",
        "without a group for all, strangers are free",
        "user-agent: scout\nallow: /\nuser-agent: rover\ndisallow: /\nuser-agent: idler\ndisallow: /",
        ("/a",),
        (),
        "drifter",
    ),
    Case(
        "google",
        "an asterisk with more behind it is for all",
        "user-agent: * everybody\ndisallow: /a",
        ("/b",),
        ("/a",),
    ),
    Case("google", "paths count in their case", "user-agent: scout\ndisallow: /a/", ("/A/b",), ("/a/b",)),
    Case(
        "google", "paths count in their case, the other way", "user-agent: scout\ndisallow: /A/", ("/a/b",), ("/A/b",)
    ),
    Case(
        "google",
        "the longest match decides, forbidding",
        "user-agent: scout\ndisallow: /a/page.html\nallow: /a/",
        ("/a/b",),
        ("/a/page.html",),
    ),
    Case(
        "google",
        "the longest match decides, allowing",
        "user-agent: scout\nallow: /a/page.html\ndisallow: /a/",
        ("/a/page.html",),
        ("/a/", "/a/b"),
    ),
    Case("google", "empty rules mean nothing", "user-agent: scout\ndisallow: \nallow: ", ("/a/page.html",)),
    Case("google", "of equals the one that allows wins", "user-agent: scout\ndisallow: /\nallow: /", ("/a",)),
    Case(
        "google",
        "of equals the one that allows wins, for a page",
        "user-agent: scout\ndisallow: /a.html\nallow: /a.html",
        ("/a.html",),
    ),
    Case("google", "a slash more decides", "user-agent: scout\ndisallow: /a\nallow: /a/", ("/a/",), ("/a",)),
    Case(
        "google",
        "asterisks count for their length",
        "user-agent: scout\nallow: /page\ndisallow: /*.html",
        ("/page",),
        ("/page.html",),
    ),
    Case(
        "google",
        "asterisks count for their length, allowing",
        "user-agent: scout\nallow: /a/page.\ndisallow: /*.html",
        ("/a/page.html",),
        ("/a/b.html",),
    ),
    Case(
        "google",
        "rules for all do not add to one's own",
        "User-agent: *\nDisallow: /a/\nUser-agent: scout\nDisallow: /b/",
        ("/a/page",),
        ("/b/page",),
    ),
    Case(
        "google",
        "a URL in a query needs no escapes",
        "User-agent: scout\nDisallow: /\nAllow: /a/b?x=y&to=http://far.example?c&d",
        ("/a/b?x=y&to=http://far.example?c&d",),
        ("/a/b?x=z",),
    ),
    Case(
        "google",
        "characters beyond ASCII are compared escaped",
        "User-agent: scout\nDisallow: /\nAllow: /a/Ω",
        ("/a/%CE%A9", "/a/%ce%a9"),
        ("/a/%CE",),
    ),
    Case(
        "google",
        "escaped characters are compared as such",
        "User-agent: scout\nDisallow: /\nAllow: /a/%CE%A9",
        ("/a/%CE%A9",),
        ("/a/b",),
    ),
    Case(
        "google",
        "what is escaped without need matches its like",
        "User-agent: scout\nDisallow: /\nAllow: /a/%66%6F%6f",
        ("/a/%66%6F%6F",),
        ("/a",),
    ),
    Case(
        "google",
        "an asterisk is any number of characters",
        "User-agent: scout\nDisallow: /a/b/no\nAllow: /a/*/yes",
        ("/a/no", "/a//no", "/a/c/no"),
        ("/a/b/no",),
    ),
    Case(
        "google",
        "a dollar sign is the end",
        "User-agent: scout\nDisallow: /a/b$\nAllow: /a/b/c",
        ("/a/b/c", "/a/b/", "/a/b/d"),
        ("/a/b",),
    ),
    Case(
        "google",
        "a number sign begins a comment",
        "User-agent: scout\n# Disallow: /\nDisallow: /a/no#more\nAllow: /",
        ("/a/yes",),
        ("/a/no",),
    ),
    Case(
        "google",
        "an index page allows its folder",
        "User-Agent: *\nAllow: /open/index.html\nDisallow: /",
        ("/open/", "/open/index.html"),
        ("/open/index.htm", "/other", "/open"),
    ),
    Case(
        "google",
        "a very long line is cut off: forbidding",
        f"user-agent: scout\ndisallow: /a/{'x' * LONG}/no\n",
        ("/b",),
        (f"/a/{'x' * LONG}/yes",),
    ),
    Case(
        "google",
        "a very long line is cut off: allowing",
        f"user-agent: scout\ndisallow: /\nallow: /a/{'x' * LONG}/yes\nallow: /a/{'y' * LONG}/yes\n",
        (f"/a/{'x' * LONG}/yes", f"/a/{'y' * LONG}/other"),
        ("/",),
    ),
    *(
        Case(
            "google",
            f"'{pattern}' covers what it begins",
            f"user-agent: scout\ndisallow: /\nallow: {pattern}",
            covered,
            others,
        )
        for pattern, (covered, others) in _PATTERNS.items()
        if pattern not in ("/", "/*")
    ),
    Case("google", "precedence: longer allows", "user-agent: scout\nallow: /p\ndisallow: /", ("/page",)),
    Case(
        "google", "precedence: equals allow", "user-agent: scout\nallow: /folder\ndisallow: /folder", ("/folder/page",)
    ),
    Case(
        "google", "precedence: longer forbids", "user-agent: scout\nallow: /page\ndisallow: /*.htm", (), ("/page.htm",)
    ),
    Case(
        "google",
        "precedence: of equals the one that allows, with an asterisk",
        "user-agent: scout\nallow: /page\ndisallow: /*.ph",
        ("/page", "/page.php5"),
        ("/other.php5",),
    ),
    Case(
        "google",
        "precedence: the front page alone",
        "user-agent: scout\nallow: /$\ndisallow: /",
        ("/",),
        ("/page.htm",),
    ),
    *(
        Case("google", f"{name} line ends", file.replace("\n", end), ("/some/path", "/x"), (), "alpha")
        for name, end in (("Unix", "\n"), ("DOS", "\r\n"), ("Mac", "\r"))
        for file in ["User-Agent: alpha\nAllow: /some/path\nUser-Agent: beta\n\n\nDisallow: /\n"]
    ),
    *(
        Case("google", f"{name} line ends, the other agent", file, (), ("/some/path", "/x"), "beta")
        for name, file in (
            ("Unix", "User-Agent: alpha\nAllow: /some/path\nUser-Agent: beta\n\n\nDisallow: /\n"),
            ("DOS", "User-Agent: alpha\r\nAllow: /some/path\r\nUser-Agent: beta\r\n\r\n\r\nDisallow: /\r\n"),
            ("Mac", b"User-Agent: alpha\rAllow: /some/path\rUser-Agent: beta\r\r\rDisallow: /\r"),
            ("missing", "User-Agent: alpha\nAllow: /some/path\nUser-Agent: beta\n\n\nDisallow: /"),
            ("mixed", "User-Agent: alpha\nAllow: /some/path\r\nUser-Agent: beta\n\r\n\nDisallow: /"),
        )
    ),
    *(
        Case(
            "google",
            f"a byte order mark is skipped, whole or not ({len(mark)})",
            mark + b"User-Agent: scout\nDisallow: /a\n",
            ("/b",),
            ("/a",),
        )
        for mark in (b"\xef\xbb\xbf", b"\xef\xbb", b"\xef")
    ),
    Case(
        "google",
        "a broken byte order mark spoils the first line",
        b"\xef\x11\xbfUser-Agent: scout\nDisallow: /a\n",
        ("/a",),
    ),
    Case(
        "google",
        "a byte order mark inside spoils its line",
        b"User-Agent: scout\n\xef\x11\xbfDisallow: /a\nDisallow: /b",
        ("/a",),
        ("/b",),
    ),
    Case(
        "google",
        "only path and query count",
        "user-agent: scout\ndisallow: /a;b",
        ("/a",),
        ("http://other.example:81/a;b?c#d",),
    ),
    Case(
        "google",
        "an address without a path is the front page",
        "user-agent: scout\ndisallow: /$",
        ("/a",),
        ("http://site.example",),
    ),
    Case(
        "google",
        "an address without a path may have a query",
        "user-agent: scout\ndisallow: /?a",
        ("/",),
        ("http://site.example?a",),
    ),
    Case("google", "escapes count in any case", "user-agent: scout\ndisallow: /%aa", ("/aa",), ("/%AA", "/%aa")),
]

PROTEGO = [
    Case(
        "protego",
        "plain rules",
        "User-agent: * \nDisallow: /shut \nAllow: /open \nCrawl-delay: 10",
        ("/open", "/elsewhere"),
        ("/shut",),
    ),
    Case("protego", "rules begin at the beginning", "User-agent: * \nDisallow: /d", ("/abc/d",), ("/dabc",)),
    Case(
        "protego",
        "usual misspellings of disallow",
        "User-agent: *\nDisallow: /1\nDissallow: /2\nDissalow: /3\nDisalow: /4\nDiasllow: /5\nDisallaw: /6",
        ("/7",),
        ("/1", "/2", "/3", "/4", "/5", "/6"),
    ),
    *(
        Case(
            "protego",
            f"escaped or not, {path}",
            f"User-agent: *\nDisallow: /\nAllow: {path}",
            ("/a<d.html", "/a%3cd.html", "/a%3Cd.html"),
        )
        for path in ("/a%3cd.html", "/a%3c*", "/a<d.html", "/a<*")
    ),
    Case(
        "protego",
        "parameters and query",
        "User-agent: *\nDisallow: /path;params?query",
        ("/path",),
        ("http://h.example:10/path;params?query#f",),
    ),
    Case("protego", "a bare question mark", "User-agent: *\nDisallow: /?", ("/",), ("/?query",)),
    Case("protego", "a bare semicolon", "User-agent: *\nDisallow: /;", ("/",), ("/;params",)),
    *(
        Case("protego", f"asterisks for {agent}", _wild, *paths, agent)
        for _wild in [
            """User-agent: ada
            Disallow: /shut/*/end$
            Disallow: /pro*work

            User-agent: bob
            Allow: /*open
            Disallow: /

            User-agent: cyd
            Disallow: /foo*/bar.html

            User-agent: dee
            Disallow: *m

            User-agent: eve
            Allow: /foo/bar.html
            Disallow: *

            User-agent: fay
            Disallow: /foo*bar.html$
            User-agent: gus
            Disallow: /foo?*
            Disallow: /foo/"""
        ]
        for agent, paths in {
            "ada": (
                ("/shut", "/shut/x/endless", "/ro_does_work", "/pro_does_wor"),
                ("/shut/x/end", "/shut/y/end", "/proworks", "/pro_works", "/pro/works", "/pro_does_work"),
            ),
            "bob": (("/open", "/is_still_open", "/is_open_too"), ("/shut",)),
            "cyd": (("/fo.html", "/food/x.html"), ("/foo/bar.html", "/food/bar.html", "/foo/a/b/c/bar.html")),
            "dee": (("/foo", "/foo/bar.txt"), ("/foo.htm", "/foo.html", "/foom", "/moo", "/foo/bar.html")),
            "eve": (("/foo/bar.html",), ("/fo.html", "/foo.html", "/foo", "/foo/bar.txt")),
            "fay": (
                ("/food/rebarf.html", "/foo/bar.html?"[:-1] + "x"),
                ("/foo/bar.html", "/food/rebar.html", "/foo/a/bar.html"),
            ),
            "gus": (("/foo", "/fooey"), ("/foo/", "/foo/bar.html", "/foo?a")),
        }.items()
    ),
    Case(
        "protego",
        "escaped and bare letters beyond ASCII are one",
        "User-Agent: *\nDisallow: /wiki/Stra%C3%9Fe:\nDisallow: /wiki/Möhre:\n",
        ("/wiki/",),
        ("/wiki/Straße:", "/wiki/Stra%C3%9Fe:", "/wiki/Möhre:", "/wiki/M%C3%B6hre:"),
    ),
    Case(
        "protego",
        "agents beyond ASCII",
        "User-Agent: *\nDisallow: /a\nUser-Agent: SpäherBöt\nDisallow: /b",
        ("/a",),
        ("/b",),
        "SpäherBöt",
    ),
    Case("protego", "another agent beyond ASCII", "User-Agent: Späher-eins\nDisallow: /", ("/a",), (), "späher-zwei"),
    Case(
        "protego",
        "the name inside a browser-like header",
        "User-Agent: Львів-bot\nDisallow: /a/",
        ("/",),
        ("/a/b",),
        "Mozilla/5.0 (compatible; Львів-bot/1.1)",
    ),
    Case(
        "protego",
        "rules before any agent mean nothing",
        "Disallow: /a\nAllow: /a/b\nCrawl-delay: 5.2\nUser-Agent: scout\nDisallow: /c",
        ("/a",),
        ("/c",),
    ),
    Case(
        "protego",
        "the group for all, wherever it stands",
        "User-Agent: ada\nDisallow: /a\n\nUser-Agent: *\nDisallow: /b\n\nUser-Agent: scout\nDisallow: /c",
        ("/a", "/c"),
        ("/b",),
        "stranger",
    ),
    Case(
        "protego",
        "and one's own instead of it",
        "User-Agent: ada\nDisallow: /a\n\nUser-Agent: *\nDisallow: /b\n\nUser-Agent: scout\nDisallow: /c",
        ("/a", "/b"),
        ("/c",),
    ),
    *(
        Case(
            "protego",
            f"agents in one group ({agent})",
            "User-Agent: ada\nUser-Agent: bob\nDisallow: /a\nUser-Agent: *\nDisallow: /b",
            ("/b",),
            ("/a",),
            agent,
        )
        for agent in ("ada", "bob")
    ),
    *(
        Case(
            "protego",
            f"comments anywhere ({agent})",
            "# 1\nUser-Agent: ada # 2\n# 3\nUser-Agent: bob\nDisallow: /a\n# Disallow: /b\nUser-Agent: *\nDisallow: /c",
            ("/b", "/c"),
            ("/a",),
            agent,
        )
        for agent in ("ada", "bob")
    ),
    *(
        Case(
            "protego",
            f"lines nobody knows are skipped ({line}, {agent})",
            f"User-Agent: ada\nDisallow: /a\n{line}\nUser-Agent: bob\nDisallow: /b",
            *paths,
            agent,
        )
        for line in ("Gandalf: Grey", "Gandalf Grey")
        for agent, paths in {"ada": (("/b",), ("/a",)), "bob": (("/a",), ("/b",))}.items()
    ),
    Case(
        "protego",
        "a group without rules allows everything",
        "User-Agent: ada\nDisallow: /\nUser-Agent: scout",
        ("/a", "/b"),
    ),
    Case(
        "protego",
        "an empty disallow allows everything",
        "User-agent: *\nDisallow: /\n\nUser-agent: scout\nDisallow:",
        ("/", "/a"),
    ),
    Case(
        "protego",
        "and no one else",
        "User-agent: *\nDisallow: /\n\nUser-agent: scout\nDisallow:",
        (),
        ("/", "/a"),
        "stranger",
    ),
    Case(
        "protego",
        "the standard of 1994",
        "User-agent: *\nDisallow: /maze/map/ # endless\nDisallow: /tmp/ # soon gone\nDisallow: /foo.html",
        ("/", "/foo.htm", "/foo.shtml", "/maze/index.html"),
        ("/foo.html", "/foo.htmlx", "/tmp/foo.html", "https://elsewhere.example/foo.html"),
    ),
    *(
        Case("protego", f"the draft of 1996, {rule} ", f"User-agent: scout\nAllow: {rule}\nDisallow: /", *paths)
        for rule, paths in {
            "/tmp": (("/tmp.html", "/tmp", "/tmp/a.html"), ()),
            "/tmp/": (("/tmp/", "/tmp/a.html"), ("/tmp",)),
            "/a%3cd.html": (("/a%3cd.html", "/a%3Cd.html"), ()),
            "/a%3Cd.html": (("/a%3cd.html", "/a%3Cd.html"), ()),
            "/a%2fb.html": (("/a%2fb.html",), ("/a/b.html",)),
            "/a/b.html": (("/a/b.html",), ("/a%2fb.html",)),
            "/%7ejoe/index.html": (("/~joe/index.html",), ()),
            "/~joe/index.html": (("/%7Ejoe/index.html",), ()),
        }.items()
    ),
    *(
        Case(
            "protego",
            f"the draft of 1996, its long example ({agent})",
            """User-agent: unhip
            Disallow: /

            User-agent: crawler
            User-agent: exciting
            Disallow:

            User-agent: *
            Disallow: /org/plans.html
            Allow: /org/
            Allow: /serv
            Allow: /~mak
            Disallow: /""",
            *paths,
            agent,
        )
        for agent, paths in {
            "unhip": ((), ("/", "/index.html", "/server.html", "/org/about.html", "/%7Emak/mak.html")),
            "crawler": (("/", "/index.html", "/server.html", "/orgo.gif", "/org/plans.html", "/%7Ejim/jim.html"), ()),
            "exciting": (("/", "/index.html", "/org/plans.html"), ()),
            "stranger": (
                ("/server.html", "/services/fast.html", "/org/about.html", "/%7Emak/mak.html"),
                ("/", "/index.html", "/orgo.gif", "/org/plans.html", "/%7Ejim/jim.html"),
            ),
        }.items()
    ),
    Case(
        "protego",
        "an agent of two words, its colon forgotten",
        "user-agent ada\ndisallow /\nuser agent harry potter\ndisallow /cave",
        ("/abc",),
        ("/cave",),
        "harry",
    ),
    *(
        Case(
            "protego",
            f"what is escaped without need is the same without ({path})",
            "User-agent: scout\nDisallow: /\nAllow: /a/%62%61%7A",
            (path,),
        )
        for path in ("/a/baz", "/a/%62%61%7A")
    ),
    Case(
        "protego",
        "a dollar sign that is not at the end is one",
        "user-agent: scout\ndisallow: /x$/abc\ndisallow: /y/abc$\ndisallow: /x*x$/abc\ndisallow: /y*y/abc$",
        ("/y/abcdef", "/yabcy/abcdef"),
        ("/x$/abcdef", "/x%24/abcdef", "/y/abc", "/xabcx$/abcdef", "/xabcx%24/abcdef", "/yabcy/abc"),
    ),
    Case(
        "protego",
        "escaped signs are ordinary characters",
        "user-agent: scout\ndisallow: /x/abc%24\ndisallow: /x%2Ax/abc",
        ("/x/abc", "/xabcx/abc"),
        ("/x/abc$abc", "/x/abc$", "/x*x/abc", "/x*x/abcdef"),
    ),
    Case(
        "protego",
        "and so are bare ones, where a rule forbids",
        "user-agent: scout\ndisallow: /x/abc$\ndisallow: /x*x/abc",
        (),
        ("/x*x/abc", "/x/abc$", "/x/abc%24"),
    ),
    Case(
        "protego",
        "a whole address as a rule is a path",
        "user-agent: *\ndisallow: http://far.example/",
        ("/",),
        ("/http://far.example/",),
    ),
    Case(
        "protego",
        "a sitemap first",
        "Sitemap: https://site.example/map.xml\nUser-Agent: scout\nDisallow: /a",
        ("/b",),
        ("/a",),
    ),
    Case(
        "protego",
        "no path is the front page",
        "User-Agent: *\nDisallow: /\n",
        (),
        ("http://site.example/", "http://site.example"),
    ),
    Case(
        "protego",
        "two slashes are not one",
        "User-Agent: *\nDisallow: //a/*\n",
        ("/", "/a", "/a/", "/a/b", "//a"),
        ("//a/b",),
    ),
    Case(
        "protego", "an asterisk may reach into the query", "User-agent: * \nDisallow: /*s=", ("/", "/s/"), ("/?s=abc",)
    ),
    Case("protego", "a leading asterisk that allows", "User-Agent: *\nallow: */p\ndisallow: /\n", ("/page",)),
    Case(
        "protego",
        "a leading asterisk that forbids",
        "User-Agent: *\nallow: /page\ndisallow: */*.htm\n",
        (),
        ("/page.htm",),
    ),
    *(
        Case("protego", f"'{pattern}' forbids what it begins", f"User-Agent: *\ndisallow: {pattern}", others, covered)
        for pattern, (covered, others) in _PATTERNS.items()
    ),
    *(
        Case(
            "protego",
            f"the agent's own group ({agent})",
            _OWLS,
            (allowed,),
            tuple({"/1", "/2", "/3"} - {allowed}),
            agent,
        )
        for agent, allowed in {"owl-news": "/1", "ow": "/2", "a": "/2", "owl": "/3"}.items()
    ),
]

DIFFERENCES: list[tuple[Case, str]] = [
    (
        Case(
            "google",
            "a header of two words has no group by its first",
            "User-Agent: *\nDisallow: /\nUser-Agent: Scout Two\nAllow: /a/\nDisallow: /",
            (),
            ("/a/b",),
            "Scout Two",
        ),
        "Google's parser is handed any string as the agent; ours is only ever asked by the product token of our own "
        "header, which ends at the first blank (RFC 9309 section 2.2.1), so 'Scout Two' asks as 'scout'.",
    ),
    (
        Case(
            "google",
            "digits end an agent's name",
            "User-Agent: MJ12scout\nDisallow: /a\n",
            (),
            ("/a",),
            "MJ",
        ),
        "Google reads [A-Za-z_-] of a line's agent, so 'MJ12scout' names 'MJ'. Crawlers do have digits in their "
        "names and sites write them out; we compare the whole word, or one would be bound by another's rules.",
    ),
    (
        Case(
            "google",
            "a character beyond ASCII in the URL itself matches no rule",
            "User-agent: scout\nDisallow: /\nAllow: /a/Ω",
            (),
            ("/a/Ω",),
        ),
        "Google's parser expects its caller to escape URLs and says so. Ours escapes them itself, as RFC 9309 section "
        "2.2.2 demands before comparison; such a URL is never sent bare.",
    ),
    (
        Case(
            "google",
            "what is escaped without need is not the same without",
            "User-agent: scout\nDisallow: /\nAllow: /a/%62%61%7A",
            (),
            ("/a/baz",),
        ),
        "RFC 9309 section 2.2.2 lists this very pair as a match, and Protego expects it; Google's test calls it "
        "something not to rely on.",
    ),
    (
        Case(
            "protego",
            "an unknown line parts agents",
            "User-agent: ada\nDisallow: /a\nUser-agent: *\nNonsense: /b\nUser-agent: bob\nDisallow: /",
            ("/c",),
            (),
            "stranger",
        ),
        "RFC 9309 section 2.2.4: other lines must not interfere with groups; Google expects the opposite of Protego.",
    ),
    (
        Case("protego", "an asterisk inside an agent's name", "user-agent: sc*out\ndisallow: /a", (), ("/a",)),
        "RFC 9309 section 2.2.1 knows the asterisk as a whole name only; nobody's product token matches this line.",
    ),
    *(
        (
            Case(
                "protego",
                f"an agent is bound by a group that names its beginning ({agent})",
                _OWLS,
                (allowed,),
                (),
                agent,
            ),
            "Google's specification of 2010. RFC 9309 section 2.2.1 matches the product token, not its beginning: a "
            "group for 'owl' must not bind 'owl-images' of somebody else. Whoever has no group obeys that for all.",
        )
        for agent, allowed in {"owl-news2": "/1", "owl-new": "/3", "owl-images": "/3"}.items()
    ),
]


@pytest.mark.parametrize("case", [*GOOGLE, *PROTEGO], ids=str)
def test_every_expectation_is_met(case: Case) -> None:
    assert {path: _answer(case, path) for path in case.allowed} == dict.fromkeys(case.allowed, True)
    assert {path: _answer(case, path) for path in case.forbidden} == dict.fromkeys(case.forbidden, False)


@pytest.mark.parametrize(
    ("case", "reason"), DIFFERENCES, ids=lambda value: str(value) if isinstance(value, Case) else ""
)
def test_every_difference_is_one_and_has_its_reason(case: Case, reason: str) -> None:
    assert not any(_answer(case, path) for path in case.allowed)
    assert all(_answer(case, path) for path in case.forbidden)
    assert len(reason) > 80


@pytest.mark.parametrize(
    ("file", "agent", "delay"),
    [
        ("User-agent: *\nCrawl-delay: 10\nUser-agent: scout\nCrawl-delay: 15", "stranger", 10),
        ("User-agent: *\nDisallow: /a\nCrawl-delay: 10\nUser-agent: scout\nCrawl-delay: 15", "scout", 15),
        ("User-agent: *\nCrawl-delay: soon", "scout", 0),
        ("User-agent: *\nDisallow: /a", "scout", 0),
        ("Crawl-delay: 5.2\nUser-Agent: scout\nDisallow: /a", "scout", 0),
        ("User-agent: scout\nRequest-rate: 1/10s", "scout", 10),
        ("User-agent: scout\nRequest-rate: 100/15m", "scout", 9),
        ("User-agent: scout\nRequest-rate: 400/1h", "scout", 9),
        ("User-agent: scout\nRequest-rate: 9000/1d", "scout", 9.6),
        ("User-agent: scout\nRequest-rate: 1/10s 1820-1940", "scout", 10),
        ("User-agent: scout\nRequest-rate: 90/180", "scout", 2),
        ("User-agent: scout\nRequest-rate: 1/5", "scout", 5),
        ("User-agent: scout\nRequest-rate: 0/5", "scout", 0),
        ("User-agent: ada\nRequest-rate: 1/10s\nUser-agent: scout\nDisallow: /", "scout", 0),
        ("user agent scout\nrequest rate 1/10s 1820-1940", "scout", 10),
        ("user-agent: scout\ncrawl-delay: 2\n\nuser-agent: scout\ncrawl-delay: 7", "scout", 7),
        ("user-agent: scout\ncrawl-delay: inf", "scout", 86_400),
    ],
)
def test_the_pause_a_site_asks_for_is_found(file: str, agent: str, delay: float) -> None:
    rules = RobotsRules(RobotsFile(file.encode()), unreachable=False, expires=EXPIRES)
    assert rules.crawl_delay_s(agent) == delay
