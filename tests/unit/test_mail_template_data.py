"""Lead data is data: whatever it looks like, it stands in the mail as text and nothing of it runs."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from leadgen.mail.clean import one_line, paragraph
from leadgen.mail.compose import compose
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


@settings(max_examples=100, deadline=None, derandomize=True)
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


@settings(max_examples=60, deadline=None, derandomize=True)
@given(name=TEXT, title=TEXT)
def test_no_header_ever_holds_a_line_break(name: str, title: str) -> None:
    lead = LeadData(name=name, business_name=title, title=title, email="a@b.example")
    subject, _, _ = mail_for(lead)
    assert len(subject.splitlines()) == 1
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in subject)
