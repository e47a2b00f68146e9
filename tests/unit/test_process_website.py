"""A website's score comes from what its home page shows, and its reasons name what lacks first."""

from __future__ import annotations

from datetime import date

import pytest

from leadgen.process.website import SUMMARY_LENGTH, home_page, no_page, not_scored, score_website
from leadgen.process.website_signs import tells_nothing

TODAY = date(2026, 11, 20)
HSTS = {"Strict-Transport-Security": "max-age=1"}
GOOD = """<html><head><title>Acme Plumbing in Austin</title><meta name="description" content="Plumbers">
<meta name="viewport" content="width=device-width, initial-scale=1">
<script type="application/ld+json">{"@type": "Plumber", "name": "Acme"}</script></head>
<body>Plumbing for all of Austin, since 1987. New water heaters coming soon to our showroom.
Call 512-555-0134, joe@acme.com <footer>© 2019-2026 Acme</footer></body></html>""".replace(
    "since 1987.", "since 1987. " + "We repair what leaks, drips and rattles. " * 20
)


def test_a_good_website_lacks_nothing() -> None:
    score = score_website(GOOD, "https://acme.com/", 0.2, HSTS, today=TODAY)
    assert score.score == 100
    assert score.summary == "Nothing of what was checked is missing."
    assert (score.title, score.description) == ("Acme Plumbing in Austin", "Plumbers")
    assert (score.reachable, score.mobile_ready, score.has_contact, score.has_structured_data) == (True,) * 4
    assert score.text.startswith("Plumbing for all of Austin")


@pytest.mark.parametrize(
    ("html", "url", "elapsed", "reason"),
    [
        (GOOD, "http://acme.com/", 0.2, "not served over TLS"),
        (GOOD.replace("viewport", "other"), "https://acme.com/", 0.2, "not made for phones"),
        (GOOD.replace("512-555-0134", ""), "https://acme.com/", 0.2, "no telephone number"),
        (GOOD.replace("joe@acme.com", ""), "https://acme.com/", 0.2, "no email address and no contact form"),
        (GOOD.replace("ld+json", "x"), "https://acme.com/", 0.2, "no structured data"),
        (GOOD.replace("description", "x"), "https://acme.com/", 0.2, "no description"),
        (GOOD, "https://acme.com/", 9.0, "slow: 9.0 s"),
        (GOOD, "https://acme.com/", 3.0, "slow: 3.0 s"),
        (GOOD.replace("2019-2026", "2014"), "https://acme.com/", 0.2, "last changed in 2014"),
        (GOOD.replace("Acme Plumbing in Austin", "Home"), "https://acme.com/", 0.2, "title says little"),
        (GOOD.replace("<body>", "<body><center>"), "https://acme.com/", 0.2, "markup of the 1990s"),
        (GOOD, "https://acme.wixsite.com/home", 0.2, "no domain of its own"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 else "page",
)
def test_what_is_missing_costs_points_and_is_said_first(html: str, url: str, elapsed: float, reason: str) -> None:
    score = score_website(html, url, elapsed, {}, today=TODAY)
    whole = score_website(GOOD, "https://acme.com/", 0.2, {}, today=TODAY)
    assert score.score is not None
    assert whole.score is not None
    assert score.score < whole.score
    assert reason in score.reasons[0]
    assert reason in score.summary


def test_a_small_fault_is_named_before_what_is_merely_not_perfect() -> None:
    undated = GOOD.replace("© 2019-2026", "by")
    score = score_website(undated, "https://acme.wixsite.com/home", 0.2, HSTS, today=TODAY)
    assert score.lacking == 1
    assert score.summary == score.reasons[0] == "It has no domain of its own."


def test_a_contact_form_is_as_good_as_an_address() -> None:
    form = GOOD.replace("joe@acme.com", "<form><input name=from><textarea name=text></textarea></form>")
    assert score_website(form, "https://acme.com/", 0.2, HSTS, today=TODAY).score == 100


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("", "empty"),
        ("<title>acme.com</title><p>This domain is for sale! Buy this domain now, contact us.", "parked"),
        (
            "<title>Acme</title><h1>Acme Plumbing</h1><p>Our new website is coming soon. Call 512-555-0134",
            "construction",
        ),
        ("<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>" + "<p>Further steps." * 20, "parked"),
        ("<title>Acme</title><h1>Error establishing a database connection</h1>", "error"),
        ("<title>404 Not Found</title><h1>Not Found</h1><p>The requested URL was not found on this server.", "error"),
    ],
)
def test_a_page_without_content_is_no_website(html: str, reason: str) -> None:
    score = score_website(html, "https://acme.com/", 0.1, HSTS, today=TODAY)
    assert score.score is not None
    assert score.score <= 10
    assert reason in score.summary


def test_a_page_that_needs_its_scripts_is_not_called_empty() -> None:
    shell = '<title>Acme Plumbing in Austin</title><div id=root></div><script src="/app.js"></script>'
    score = score_website(shell, "https://acme.com/", 0.1, HSTS, today=TODAY)
    assert "scripts" in score.reasons[0]
    assert (score.score or 0) <= 40


def test_the_summary_is_whole_sentences_within_its_length() -> None:
    poor = score_website(
        "<center>Acme does plumbing, call us some time, ask for Joe.", "http://a.com/", 8, {}, today=TODAY
    )
    assert len(poor.summary) <= SUMMARY_LENGTH
    assert poor.summary.endswith(".")
    assert len(poor.reasons) > 5


def test_no_page_scores_low_and_an_unseen_one_not_at_all() -> None:
    assert (no_page("silent", "It did not answer.").score or 99) <= 10
    assert not_scored("Nobody looked.").score is None


@pytest.mark.parametrize(
    ("url", "home"),
    [
        ("https://www.acme.com/services/drains?utm=1", "https://www.acme.com/"),
        ("http://acme.com", "http://acme.com/"),
        ("https://acme.wixsite.com/plumbing", "https://acme.wixsite.com/plumbing"),
        ("https://sites.google.com/view/acme?x=1", "https://sites.google.com/view/acme?x=1"),
        ("http://ads.example:8080/w/acme/", "http://ads.example:8080/w/acme/"),
    ],
)
def test_an_inner_page_leads_to_the_home_page_except_where_many_share_a_host(url: str, home: str) -> None:
    assert home_page(url, {"ads.example:8080"}) == home


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://m.facebook.com/acme", "facebook.com"),
        ("https://www.yelp.com/biz/acme", "yelp.com"),
        ("https://notyelp.com/", ""),
        ("https://sites.google.com/view/acme", ""),
        ("https://acme.com/", ""),
    ],
)
def test_social_networks_and_directories_tell_nothing_of_the_business(url: str, name: str) -> None:
    assert tells_nothing(url) == name
