"""What a check of a template finds: each rule on a template that breaks it, and none on a good one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from console.starter import starter_templates
from leadgen.mail.templates import Finding, lint
from leadgen.model.documents import Template

GOOD = "<p>Hi {{ greetingName }},</p><p>I read your ad and would like to know whether you still take on new work.</p>"


def found(body: str = GOOD, subject: str = "A question about your ad", **more: Any) -> list[Finding]:
    return lint(
        Template(
            template_id=1,
            template_name="t",
            base_subject=subject,
            base_body_html=body,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            **more,
        )
    )


def codes(body: str = GOOD, subject: str = "A question about your ad", **more: Any) -> set[tuple[str, str]]:
    return {(finding.level, finding.code) for finding in found(body, subject, **more)}


def test_a_good_template_has_no_findings() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("more", "also"),
    [
        ({"body": GOOD + "{{ nmae }}", "subject": "BUY NOW!!!"}, {("warning", "shouting")}),
        ({"body": "<p>CALL ME NOW {{ nmae }} AT ONCE!!</p>"}, {("warning", "shouting-body")}),
        ({"subject": "{{ nmae", "body": "<p>CALL ME NOW AT ONCE!!</p>"}, {("warning", "shouting-body")}),
        ({"subject": "Hi", "alternative_subjects": ["{% if", "WRITE TO ME!!"]}, {("warning", "shouting")}),
        ({"body": "  ", "subject": "x" * 71}, {("warning", "long-subject")}),
        ({"defaults": {"email": "a@b.c"}, "subject": "x" * 71}, {("warning", "long-subject")}),
        ({"body": "{{ nmae.first() }}"}, set()),
    ],
)
def test_what_is_wrong_besides_an_error_is_told_with_it(more: dict[str, Any], also: set[tuple[str, str]]) -> None:
    told = found(**more)
    assert {(finding.level, finding.code) for finding in told if finding.level == "warning"} == also
    assert told[0].level == "error"
    assert len({finding.level for finding in told[: len(told) - len(also)]}) == 1, "errors come first"


def test_the_starter_templates_have_no_findings() -> None:
    for starter in starter_templates():
        assert found(starter["baseBodyHtml"], starter["baseSubject"]) == []


@pytest.mark.parametrize(
    ("level", "code", "wish"),
    [
        ("error", "unknown-variable", {"body": GOOD + "{{ nmae }}"}),
        ("error", "unknown-variable", {"subject": "{{ nmae }}"}),
        ("error", "unknown-variable", {"alternative_subjects": ["{{ nmae }}"]}),
        ("error", "unknown-variable", {"body": GOOD + "[[a|{{ nmae }}]]"}),
        ("error", "syntax", {"body": GOOD + "{% if name %}"}),
        ("error", "syntax", {"body": GOOD + "[[a|b"}),
        ("error", "empty", {"body": "  "}),
        ("error", "image-only", {"body": '<img src="https://x.example/a.png" alt="Us">'}),
        ("warning", "image-only", {"body": '<p>Hi</p><img src="https://x.example/a.png" alt="Us">'}),
        ("error", "no-opt-out", {"body": GOOD + "<!-- never closed"}),
        ("error", "no-opt-out", {"body": GOOD + "<title>never closed"}),
        ("error", "no-opt-out", {"body": GOOD + '<div style="display: none">'}),
        ("error", "no-opt-out", {"body": GOOD + "<div hidden>"}),
        ("error", "unrenderable", {"body": GOOD + "{{ servicesRendered[0] }}"}),
        ("error", "unrenderable", {"subject": "{{ name }}"}),
        ("error", "unrenderable", {"body": f"<html><body>{GOOD}{{% if name %}}</body></html>{{% endif %}}"}),
        ("warning", "long-subject", {"subject": "A question about {{ businessName }} " + "and more " * 10}),
        ("warning", "shouting", {"subject": "FREE JOBS FOR PLUMBERS"}),
        ("warning", "shouting", {"subject": "Jobs for you!!!"}),
        ("warning", "shouting-body", {"body": "<p>BUY NOW AND SAVE A LOT OF MONEY</p>"}),
        ("warning", "broken-html", {"body": f"<div>{GOOD}"}),
        ("warning", "broken-html", {"body": f"{GOOD}</table>"}),
        ("warning", "broken-html", {"body": f"<b><i>x</b></i>{GOOD}"}),
        ("warning", "http-link", {"body": GOOD + '<a href="http://x.example">x</a>'}),
        ("warning", "missing-alt", {"body": GOOD + '<img src="https://x.example/a.png">'}),
        ("error", "unsafe-link", {"body": GOOD + '<a href="javascript:x()">x</a>'}),
        ("error", "active-content", {"body": GOOD + "<script>x()</script>"}),
        ("error", "active-content", {"body": GOOD + '<p onclick="x()">x</p>'}),
        ("error", "bad-default", {"defaults": {"signature": "x"}}),
        ("error", "bad-default", {"defaults": {"servicesRendered": "x"}}),
    ],
)
def test_each_rule_is_found(level: str, code: str, wish: dict[str, Any]) -> None:
    assert (level, code) in codes(**wish)


def test_a_finding_names_the_line_in_the_authors_file() -> None:
    body = f"{{# two\nlines #}}\n<p>\n  {{{{ nmae }}}}\n</p>\n{GOOD}\n<a href='http://x.example'>x</a>"
    lines = {finding.code: finding.line for finding in found(body)}
    assert lines == {"unknown-variable": 4, "http-link": 7}


def test_a_declared_name_is_known() -> None:
    assert codes(GOOD + "{{ offer }}") == {("error", "unknown-variable")}
    assert codes(GOOD + "{{ offer }}", defaults={"offer": "10 %"}) == set()


def test_html_that_may_stay_open_is_no_finding() -> None:
    assert codes(f"<ul><li>a<li>b</ul><table><tr><td>x<td>y</table><p>x{GOOD}<br><hr>") == set()


def test_an_option_that_fails_is_found_although_most_leads_get_another() -> None:
    assert ("error", "unrenderable") in codes(GOOD + "[[a|{{ servicesRendered[7] }}]]")
