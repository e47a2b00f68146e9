"""Variations, of which each lead gets one, always the same; defaults; the plain text derived from a template."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from leadgen.mail.compose import compose
from leadgen.mail.plaintext import to_text
from leadgen.mail.templates import Rendered, Unrenderable, render
from leadgen.mail.templates.compiled import compiled
from leadgen.model.config import Settings
from leadgen.model.documents import LeadData, Template

CONFIG = Settings(sender_name="Ada", company_name="Contoso", postal_address="1 Main St", signature_html="<p>Ada</p>")
LEAD = LeadData(
    name="Maria Lopez",
    business_name="Lone Star",
    email="maria@lonestar.example",
    city="austin",
    services_rendered=["Leaks", "Drains"],
    website_url="https://lonestar.example/",
)


def template(body: str, subject: str = "Hello", **more: Any) -> Template:
    return Template(
        template_id=7,
        template_name="t",
        base_subject=subject,
        base_body_html=body,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        **more,
    )


def made(body: str, seed: str = "", lead: LeadData = LEAD, **more: Any) -> Rendered:
    return render(template(body, **more), lead, CONFIG, seed=seed)


def test_a_lead_gets_one_option_always_the_same_and_it_is_recorded() -> None:
    body, subjects = "<p>[[Hi|Hello|Good day]] {{ name }}, [[a|b]]</p>", {"alternative_subjects": ["Second", "Third"]}
    words = ["Hi", "Hello", "Good day"]
    for number in range(30):
        first, again = made(body, str(number), **subjects), made(body, str(number), **subjects)
        assert first == again
        letter, _, picks = first.variation.partition(":")
        greeting, tail = (int(pick) for pick in picks.split("-"))
        assert first.html == f"<p>{words[greeting]} Maria Lopez, {'ab'[tail]}</p>"
        assert first.text == f"{words[greeting]} Maria Lopez, {'ab'[tail]}"
        assert first.subject == {"A": "Hello", "B": "Second", "C": "Third"}[letter]


def test_all_options_are_drawn_about_equally_often() -> None:
    drawn = Counter(made("<p>[[a|b|c|d]]</p>", f"lead-{n}").html for n in range(2000))
    assert len(drawn) == 4
    assert all(400 < count < 600 for count in drawn.values()), drawn


def test_the_draw_is_the_same_in_every_process_and_release() -> None:
    assert [made("[[a|b|c]][[d|e]]", seed).variation for seed in ("x", "maria@lonestar.example", "ü")] == DRAWN


DRAWN = ["A:2-1", "A:2-0", "A:1-0"]


def test_a_template_without_variations_records_none() -> None:
    assert made("<p>{{ name }}</p>").variation == ""


def test_variations_hold_syntax_elements_and_one_another() -> None:
    body = "[[<b>{{ name }}</b>|{% if city %}{{ city|title }}{% endif %}|[[x|y]] z]]"
    assert {made(body, str(n)).html for n in range(60)} == {"<b>Maria Lopez</b>", "Austin", "x z", "y z"}


def test_a_subject_has_variations_of_its_own() -> None:
    found = {made("<p>[[a|b]]</p>", str(n), subject="[[One|Two]] {{ name }}").subject for n in range(40)}
    assert found == {"One Maria Lopez", "Two Maria Lopez"}


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ [[1, 2], [3]][0] }}", None),  # a list of lists is refused, not taken for a variation
        ("{{ name|upper }} | x", "MARIA LOPEZ | x"),
        ("a[[1]]b", "a[[1]]b"),
        ("a]]b", "a]]b"),
        ("[a|b]", "[a|b]"),
        ("{{ '[[a|b]]' }}", "[[a|b]]"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("{# [[a|b #}c", "c"),
        ("a {{- ' b' -}}  c", "a bc"),
        ('{{ "}}" }}', "}}"),
    ],
)
def test_variations_and_jinja_do_not_collide(source: str, result: str | None) -> None:
    if result is None:
        with pytest.raises(Unrenderable):
            made(source)
    else:
        assert made(source).html == result


def test_an_open_variation_is_told_with_its_line() -> None:
    with pytest.raises(Unrenderable, match=r"line 2: a \[\[ is not closed"):
        made("<p>\n[[a|b</p>")


def test_variations_in_lead_data_stay_text() -> None:
    rendered = made("<p>{{ name }}</p>", lead=LeadData(name="[[a|b]]"), subject="{{ name }}")
    assert (rendered.html, rendered.text, rendered.subject) == ("<p>[[a|b]]</p>", "[[a|b]]", "[[a|b]]")


def test_declared_defaults_stand_for_empty_fields_and_constants_for_themselves() -> None:
    defaults = {"category": "trade <&> {{ name }}", "offer": "10 %"}
    source = "{{ category }}/{{ offer }}/{{ name }}"
    assert made(source, lead=LeadData(), defaults=defaults).html == "trade &lt;&amp;&gt; {{ name }}/10 %/"
    assert made(source, lead=LeadData(category="roofs"), defaults=defaults).html == "roofs/10 %/"
    assert made(source, lead=LeadData(), defaults=defaults).text == "trade <&> {{ name }}/10 %/"


@pytest.mark.parametrize("source", ["{{ name or 'there' }}", "{{ name|default('there') }}", "{{ name|d('there') }}"])
def test_each_way_of_writing_a_default_works_for_an_empty_field(source: str) -> None:
    assert made(source, lead=LeadData()).html == "there"
    assert made(source).html == "Maria Lopez"


BODIES = [
    "<h1>Hi {{ name }}</h1><p>One<br>two {{ city|title }}</p>",
    "<ul>{% for s in servicesRendered %}<li>{{ s }}</li>{% endfor %}</ul><p>x</p>",
    "<table>{% for s in servicesRendered %}<tr><td>{{ s }}</td><td>{{ loop.index }}</td></tr>{% endfor %}</table>",
    "{% if opener %}<p>{{ opener }}</p>{% endif %}{% if name %}<p>{{ name }}</p>{% else %}<div>none</div>{% endif %}",
    "<p><a href='{{ websiteUrl }}'>your site</a>, <a href='{{ websiteUrl }}'>{{ websiteUrl }}</a></p>",
    "<p><a href='https://x.example/?q={{ city }}'>here</a> <a href='{{ name }}'>nowhere</a></p>",
    "<p><a href='{% if name %}https://a.example{% else %}https://b.example{% endif %}'>a</a></p>",
    "<p {% if name %}title='{{ name }}'{% endif %}>{{ name }}</p>",
    "{% set who = name or 'you' %}<p>For {{ who }}</p>",
    "<p>a</p> {%- if name %} <p>{{ name -}} b</p>{% endif %}",
    "<div>{{ name }}</div>&nbsp;<p>5 &lt; 6 &amp; {{ services }}</p>",
    "<p>&#123;&#123; name }} is written so</p>",
    "<style>p{color:red}</style><p class='{{ city }}'>{{ name }}</p>",
    "<p>{# nothing #}{{ name }}[[ and|, also ]]{{ city }}</p>",
    "<title>{{ name }}</title><p>x</p>",
    "<style>p{color:red}</style>{% if name %}<p>{{ name }}</p>{% endif %}<p>x</p>",
    "{% if name %}<style>p{color:red}</style><p>{{ name }}</p>{% endif %}<p>x</p>",
    "<html><head><title>{{ name }}</title></head><body>{% if name %}<p>a</p>{% endif %}<p>b</p></body></html>",
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("lead", [LEAD, LeadData(), LeadData(name="5 < 6 & 'x'", opener="a  b", city="{{ x }}")])
def test_the_derived_text_says_what_reading_the_html_would_say(body: str, lead: LeadData) -> None:
    rendered = made(body, "1", lead)
    assert rendered.text == to_text(rendered.html)


@pytest.mark.parametrize("body", BODIES[:11])
def test_the_text_is_derived_once_not_read_from_each_mail(body: str) -> None:
    assert compiled(template(body)).text is not None


def test_the_mail_names_version_and_variation_for_its_record() -> None:
    mail = compose(
        template("<p>[[a|b]]</p>", version=3, alternative_subjects=["Other"]), LEAD, CONFIG, account="a@b.example"
    )
    recorded = mail.recorded()
    assert recorded["templateVersion"] == 3
    assert recorded["variation"][:2] in ("A:", "B:")
    assert recorded["subject"] == mail.subject == {"A": "Hello", "B": "Other"}[recorded["variation"][0]]
