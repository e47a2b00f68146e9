"""What Protego's documentation and tests say of a robots.txt."""

from __future__ import annotations

from tests.robots_cases.case import OWLS, PATTERNS, Case

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
        for pattern, (covered, others) in PATTERNS.items()
    ),
    *(
        Case(
            "protego",
            f"the agent's own group ({agent})",
            OWLS,
            (allowed,),
            tuple({"/1", "/2", "/3"} - {allowed}),
            agent,
        )
        for agent, allowed in {"owl-news": "/1", "ow": "/2", "a": "/2", "owl": "/3"}.items()
    ),
]
