"""Lead data is data: whatever it looks like, it stands in the mail as text and nothing of it runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markupsafe import escape
from selectolax.lexbor import LexborHTMLParser

from leadgen.mail.clean import escaped, one_line, paragraph
from leadgen.mail.compose import compose
from leadgen.mail.templates import Rendered, Unrenderable, render
from leadgen.mail.templates.linting import draft
from leadgen.mail.templates.variables import NAMES, what_each_says
from leadgen.model.config import Settings
from leadgen.model.documents import LeadData, Template

CONFIG = Settings(sender_name="Ada", postal_address="1 Main St", signature_html="<p>Ada</p>")
BODY = (
    '<p id="name" title="{{ name }}">{{ name }}</p><p id="business">{{ businessName }}</p>'
    '<p id="opener">{{ opener }}</p><p id="title">{{ title }}</p><ul>{% for s in servicesRendered %}<li>{{ s }}</li>'
    "{% endfor %}</ul>"
)
PIECES = [
    "{{ 7*7 }}",
    "{% for i in range(9) %}x{% endfor %}",
    "{{''.__class__.__mro__}}",
    "{#",
    "#}",
    "[[a|b]]",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</p></body></html>",
    "<!--",
    "<!--leadgen-0-->",
    "\ue0000\ue001",
    " \x02https://x.example\x03",
    "\r\nBcc: all@x.example",
    "\u2028",
    "\u202e",
    "\x00",
    "\x1b[31m",
    "&lt;b&gt;",
    "%s {0} $x",
]
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=40)), max_size=6).map("".join)


def mail_for(lead: LeadData) -> tuple[str, str, str]:
    template = Template(
        template_id=1,
        template_name="t",
        base_subject="For {{ name }}: {{ title }}",
        base_body_html=BODY,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    mail = compose(template, lead, CONFIG, account="ada@contoso.example")
    return mail.subject, mail.html, mail.text


def shown(tree: LexborHTMLParser, name: str) -> str:
    node = tree.css_first(f"#{name}")
    assert node is not None
    return str(node.text())


@settings(max_examples=100, derandomize=True)
@given(name=TEXT, business=TEXT, opener=TEXT, title=TEXT, services=st.lists(TEXT, max_size=3))
@example(name="".join(PIECES), business="{{ name }}", opener="\n".join(PIECES), title="\r\n", services=PIECES)
def test_any_data_is_escaped_in_html_plain_in_text_and_never_run(
    name: str, business: str, opener: str, title: str, services: list[str]
) -> None:
    lead = LeadData(
        name=name, business_name=business, opener=opener, title=title, services_rendered=services, email="a@b.example"
    )
    subject, html, text = mail_for(lead)
    tree = LexborHTMLParser(html)
    elements = {node.tag for node in tree.css("*")}
    assert elements <= {"html", "head", "meta", "body", "p", "ul", "li", "div", "br"}
    assert shown(tree, "name") == one_line(name)
    assert tree.css_first("#name").attributes["title"] == (one_line(name) or "")
    assert shown(tree, "business") == one_line(business)
    assert shown(tree, "opener") == paragraph(opener)
    wanted = [one_line(service, 200) for service in services if one_line(service, 200)]
    assert [node.text() for node in tree.css("li")] == wanted
    assert one_line(name) in text
    assert all(service in text for service in wanted)
    assert subject == one_line(f"For {one_line(name)}: {one_line(title)}", 200)


@settings(max_examples=60, derandomize=True)
@given(name=TEXT, title=TEXT)
def test_no_header_ever_holds_a_line_break(name: str, title: str) -> None:
    lead = LeadData(name=name, business_name=title, title=title, email="a@b.example")
    subject, _, _ = mail_for(lead)
    assert len(subject.splitlines()) == 1
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in subject)


@settings(max_examples=100, derandomize=True)
@given(TEXT)
def test_values_are_escaped_as_markupsafe_does(text: str) -> None:
    assert escaped(text) == escape(text)
    assert escaped(escape(text)) == escape(text)
    assert escaped(7) == "7"


def filled(body: str, fields: dict[str, str], subject: str = "Hi") -> Rendered:
    return render(draft(subject, body), LeadData(fields=fields), CONFIG)


@settings(max_examples=50, derandomize=True)
@given(value=TEXT, name=st.sampled_from(["price", "items", "get", "said", "values", "__class__"]))
def test_a_further_field_is_data_whatever_its_name_and_value(value: str, name: str) -> None:
    reach = f"fields.{name}" if not name.startswith("_") else f"fields['{name}']"
    said = filled(f'<p id="it" title="{{{{ {reach} }}}}">{{{{ {reach} }}}}</p>.', {name: value}, f"S {{{{ {reach} }}}}")
    tree = LexborHTMLParser(said.html)
    assert shown(tree, "it") == one_line(value)
    assert tree.css_first("#it").attributes["title"] == one_line(value)
    assert said.subject == one_line(f"S {one_line(value)}", 200)


def test_a_further_field_that_the_lead_does_not_have_is_empty() -> None:
    body = "<p>{% if fields.price %}yes{% else %}no{% endif %}{{ fields['living area'] }}{{ fields.a|upper or 'x' }}"
    assert filled(body, {}).text == "nox"
    assert filled(body, {"price": "$5", "living area": " 20", "a": "b"}).text == "yes20B"


@pytest.mark.parametrize(
    "expression",
    [
        "{{ fields }}",
        "{{ fields|join }}",
        "{{ fields|string }}",
        "{{ fields|list }}",
        "{% for f in fields %}{{ f }}{% endfor %}",
        "{{ fields.said('price') }}",
        "{{ fields.price.__class__ }}",
        "{{ fields['price'].format }}",
        "{{ [fields][0] }}",
        "{{ fields + fields }}",
    ],
)
def test_of_the_further_fields_only_one_by_its_name_can_be_had(expression: str) -> None:
    with pytest.raises(Unrenderable):
        filled(f"<p>{expression}</p>", {"price": "$5"})


def test_the_author_is_told_what_each_variable_says() -> None:
    lead = LeadData(name="Maria Lopez", services_rendered=["a", "b"], fields={"price": "$5", "area": "x" * 900})
    said = dict(what_each_says(lead, CONFIG, {"category": "your trade", "offer": "10 %"}))
    assert said["greetingName"] == "Maria"
    assert said["servicesRendered"] == "a, b"
    assert said["services"] == "a and b"
    assert said["category"] == "your trade"
    assert said["offer"] == "10 %"
    assert said["signature"] == "Ada"
    assert said["websiteUrl"] == ""
    assert said["fields.price"] == "$5"
    assert len(said["fields.area"]) == 300
    assert set(NAMES) - said.keys() == {"fields"}
