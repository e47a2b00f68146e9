"""What Google's documentation and the open-source parser it publishes say of a robots.txt."""

from __future__ import annotations

from tests.robots_cases.case import LONG, PATTERNS, Case

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
        for pattern, (covered, others) in PATTERNS.items()
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
