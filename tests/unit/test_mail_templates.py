"""Templates: what they can say, what they can't do, and that data is never code."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import nodes

from leadgen.mail.clean import one_line
from leadgen.mail.compose import compose
from leadgen.mail.inlining import inline_source
from leadgen.mail.plaintext import to_text
from leadgen.mail.sandbox import MailEnvironment
from leadgen.mail.template_source import Piece, parse
from leadgen.mail.templates import Unrenderable, check_template, compiled, render
from leadgen.mail.templates import lint as findings
from leadgen.mail.templates.compiled import HTML
from leadgen.model.config import Settings
from leadgen.model.documents import LeadData, Template
from leadgen.model.errors import InvalidInput

CONFIG = Settings(sender_name="Ada Lovelace", company_name="Contoso", postal_address="1 Main St\nAustin, TX 78701")
LEAD = LeadData(
    name="Maria Lopez",
    business_name="Lone Star Plumbing",
    email="maria@lonestar.example",
    services_rendered=["Leak repair", "Water heaters", "Drains"],
    website_url="https://lonestar.example/",
    opener="I saw your ad.\nIt is good.",
)


def template(body: str, subject: str = "Hello", version: int = 1) -> Template:
    return Template(
        template_id=7,
        template_name="t",
        base_subject=subject,
        base_body_html=body,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        version=version,
    )


def lint(draft: Template) -> list[str]:
    return [finding.text for finding in findings(draft) if finding.level == "error"]


def body_of(source: str, lead: LeadData = LEAD) -> str:
    return render(template(source), lead, CONFIG).html


def test_variables_in_both_spellings() -> None:
    assert body_of("{{ businessName }}/{{ business_name }}/{{ senderName }}") == (
        "Lone Star Plumbing/Lone Star Plumbing/Ada Lovelace"
    )
    assert body_of("{{ services }}") == "Leak repair, Water heaters and Drains"
    assert body_of("{% for s in servicesRendered %}{{ loop.index }}{{ s[0] }} {% endfor %}") == "1L 2W 3D "


def test_an_empty_field_takes_the_default() -> None:
    assert body_of("Hi {{ name or 'there' }}", LeadData()) == "Hi there"
    assert body_of("Hi {{ greetingName }}", LeadData()) == "Hi there"
    assert body_of("Hi {{ greetingName }}", LeadData(business_name="Contoso")) == "Hi Contoso"
    assert body_of("Hi {{ greetingName }}") == "Hi Maria"


ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ ''['__class__'] }}",
    "{{ name.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''|attr('__class__') }}",
    "{{ '%c' % 95 }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ name|map('attr', '__class__')|list }}",
    "{% set x = name.__class__ %}{{ x }}",
    "{{ range.__self__ }}",
    "{{ servicesRendered.append('x') }}",
    "{% include 'etc/passwd' %}",
    "{% import 'os' as os %}",
    "{{ _steps }}",
    "{{ _lgend }}",
    "{% set _lg0 = 1 %}[[a|b]]",
    "{{ name|_scalar }}",
    "{% set a = [1] %}{% set b = [a] %}x",
    "{{ name|_bounded }}",
    "{{ name|safe }}",
    "{% autoescape false %}{{ name }}{% endautoescape %}",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_there_is_no_way_out_of_the_sandbox(source: str) -> None:
    with pytest.raises(Unrenderable):
        render(template(source), LEAD, CONFIG)
    assert lint(template(source))


COSTLY = [
    "{% for i in range(10**9) %}x{% endfor %}",
    "{% for i in range(1000000000) %}x{% endfor %}",
    "{% for a in range(999) %}{% for b in range(999) %}{% for c in range(999) %}{% endfor %}{% endfor %}{% endfor %}",
    "{{ 'x' * 1000000000 }}",
    "{{ 'x'|center(1000000000) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ [1] * 1000000000 }}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a + a %}" * 60 + "{{ a }}",
    "{% set a %}xxxxxxxxxx{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 60 + "{{ a }}",
    "{% set a = 'x' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
    "{% set a = 'x' * 2 %}",
    "{% set a = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' %}" + "{% set a = a|replace('x', a) %}" * 20,
    "{% set a = ['x','x','x','x','x','x','x','x','x'] %}{% set b = a|join %}"
    + "{% set b = [b,b,b,b,b,b,b,b,b]|join %}" * 20,
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% for x in servicesRendered recursive %}{{ loop(servicesRendered) }}{% endfor %}",
    "{% set a = 99999999 %}" + "{% set a = a * a %}" * 40 + "{{ a }}",
    "{{ " + "(" * 4000 + "1" + ")" * 4000 + " }}",
    "x" * 300_000,
    "{{ 1|round(1000000000) }}{{ 1|round(1000000000, 'ceil') }}",
    "{% set a = ['x'] %}" + "{% set a = [a, a, a, a, a, a, a, a] %}" * 30 + "{{ a }}",
    "{% set a = {'x': 1} %}" + "{% set a = {'a': a, 'b': a} %}" * 40 + "{{ a }}",
    "{{ servicesRendered }}",
    "{% set s = servicesRendered %}{{ s }}",
    "{% set a = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' %}"
    + "{% set a = a + a %}" * 9
    + "{{ a|upper|wordcount }}" * 150,
    "{% for i in range(1500) %}" + "{% if name == city %}x{% endif %}" * 100 + "{% endfor %}",
    "{{ 1" + "0" * 5000 + " }}",
    "{{ name }}" * 4000,
]


@pytest.mark.parametrize("source", COSTLY, ids=range(len(COSTLY)))
def test_no_template_runs_long_or_grows_large(source: str) -> None:
    before = time.process_time()
    with pytest.raises(Unrenderable):
        render(template(source), LEAD, CONFIG)
    assert time.process_time() - before < 20  # not a measurement: what is not stopped takes hours


def test_what_is_stopped_is_stopped_by_count_not_by_clock() -> None:
    fits = "{% for i in range(1900) %}x{% endfor %}"
    assert body_of(fits) == "x" * 1900
    with pytest.raises(Unrenderable, match="steps"):
        body_of("{% for i in range(1000) %}{% for j in range(3) %}x{% endfor %}{% endfor %}")


def test_template_syntax_in_lead_data_stays_text() -> None:
    lead = LeadData(name="{{ 7*7 }}", business_name="{% for i in range(9) %}x{% endfor %}", opener="{{ companyName }}")
    html = body_of("<p>{{ name }} {{ businessName }} {{ opener }}</p>", lead)
    assert html == "<p>{{ 7*7 }} {% for i in range(9) %}x{% endfor %} {{ companyName }}</p>"
    assert render(template("x", subject="{{ name }}"), lead, CONFIG).subject == "{{ 7*7 }}"


@pytest.mark.parametrize(
    "value",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</p><svg/onload=alert(1)>", "'\"&<>"],
)
def test_html_in_lead_data_is_escaped(value: str) -> None:
    html = body_of('<p title="{{ name }}">{{ name }}</p>', LeadData(name=value))
    assert "<script" not in html
    assert "<img" not in html
    assert "<svg" not in html
    assert html.count('"') == 2


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "java\nscript:alert(1)", "//x.example", "x"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert body_of('<a href="{{ websiteUrl }}">x</a>', LeadData(website_url=url)) == '<a href="">x</a>'


@pytest.mark.parametrize(
    "evil", ["\r\nBcc: all@x.example", "a\nb", "a\x00b", "a\u2028b", "a\u2029b", "a\x85b", "\u202eabc"]
)
def test_a_subject_is_one_line_without_controls(evil: str) -> None:
    subject = render(template("x", subject="Re: {{ name }} &"), LeadData(name=evil), CONFIG).subject
    assert subject.isprintable()
    assert subject.startswith("Re: ")
    assert subject.endswith("&")  # plain text: nothing is escaped for HTML


@given(st.text(max_size=300))
def test_one_line_is_always_printable_and_stable(text: str) -> None:
    line = one_line(text)
    assert "\n" not in line
    assert "\r" not in line
    assert one_line(line) == line


def test_an_empty_subject_is_refused() -> None:
    with pytest.raises(Unrenderable, match="subject is empty"):
        render(template("x", subject="{{ name }}"), LeadData(), CONFIG)


def test_lint_names_unknown_variables_with_their_line() -> None:
    assert lint(template("<p>\n{{ nmae }}</p>")) == ["The body, line 2: there is no variable 'nmae'."]


def test_lint_names_syntax_errors_with_their_line() -> None:
    problems = lint(template("<p>\n\n{% if name %}</p>"))
    assert len(problems) == 1
    assert problems[0].startswith("The body, line 3: ")


def test_lint_finds_what_fails_only_for_an_empty_lead() -> None:
    problems = lint(template("<p>{{ servicesRendered[0] }}</p>"))
    assert len(problems) == 1
    assert "only the address is known" in problems[0]


def test_lint_finds_a_mail_of_pictures_alone() -> None:
    assert "pictures alone" in lint(template('<img src="https://x.example/a.png">'))[0]


def test_a_good_template_passes() -> None:
    assert not check_template(
        template("<p>Hi {{ greetingName }},</p><p>{{ opener }}</p>", "For {{ businessName or 'you' }}")
    )


def test_saving_a_bad_template_says_what_and_where() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_template(template("<p>{{ name </p>", "{{ nobody }}"))
    assert {problem.field for problem in caught.value.fields} == {"baseSubject", "baseBodyHtml"}
    assert "greetingName" in caught.value.hint


def test_a_version_is_compiled_and_inlined_once_however_many_mails_it_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled._compiled.cache_clear()
    counted = {"compile": 0, "inline": 0}
    real_prepare, real_inline = MailEnvironment.prepare, compiled.inline_source

    def prepare(self: MailEnvironment, source: str) -> nodes.Template:
        counted["compile"] += 1
        return real_prepare(self, source)

    def inline(pieces: list[Piece]) -> str | None:
        counted["inline"] += 1
        return real_inline(pieces)

    monkeypatch.setattr(MailEnvironment, "prepare", prepare)
    monkeypatch.setattr(compiled, "inline_source", inline)
    for number in range(50):
        render(template(STYLED), LeadData(name=f"Lead {number}"), CONFIG)
    assert counted == {"compile": 3, "inline": 1}  # subject, body and plain text


def test_a_new_version_is_used_at_once() -> None:
    assert render(template("old", version=1), LEAD, CONFIG).html == "old"
    assert render(template("new", version=2), LEAD, CONFIG).html == "new"


STYLED = """<html><head><style>p { color: red } @media (max-width: 9px) { p { color: blue } }</style></head><body>
<table>{% for s in servicesRendered %}<tr><td class="{{ s }}">{{ s }} {% if s > 'M' %}&gt;{% endif %}</td></tr>
{% endfor %}</table><p {% if name %}title="{{ name }}"{% endif %}>{{ name }}</p></body></html>"""


def test_styles_are_inlined_and_template_syntax_survives() -> None:
    html = body_of(STYLED)
    assert html.count("<tr>") == 3
    assert '<td class="Leak repair">Leak repair' in html
    assert 'style="color: red;"' in html
    assert "@media" in html
    assert "leadgen-" not in html


def test_syntax_within_a_style_sheet_is_inlined_after_rendering() -> None:
    source = "<style>p { color: {{ 'red' if name else 'blue' }} }</style><p>x</p>"
    assert 'style="color: red;"' in body_of(source)


def test_without_styles_the_source_is_left_alone() -> None:
    assert inline_source(parse(HTML, "<p>{{ a }}<p>b")) == "<p>{{ a }}<p>b"


def test_plain_text_keeps_paragraphs_lists_and_links() -> None:
    html = (
        "<html><head><title>no</title><style>p{}</style></head><body><h1>Hi</h1><p>One<br>two</p>"
        "<ul><li>a</li><li>b</li></ul><p><a href='https://x.example/y'>here</a> "
        "<a href='https://z.example'>https://z.example</a></p><script>no</script></body></html>"
    )
    assert to_text(html) == "Hi\n\nOne\ntwo\n\n- a\n\n- b\n\nhere (https://x.example/y) https://z.example"


@settings(max_examples=50)
@given(st.text(alphabet="<>/ab \n\"'=&;!-pre", max_size=200))
def test_any_html_becomes_text(html: str) -> None:
    assert isinstance(to_text(html), str)


def test_every_mail_ends_with_sender_address_and_way_out() -> None:
    message = compose(
        template("<p>Hello {{ name }}</p>"),
        LEAD,
        CONFIG,
        account="ada@contoso.example",
        token_key="k",
        public_url="https://go.example",
    )
    for form in (message.html, message.text):
        assert "Ada Lovelace, Contoso" in form
        assert "1 Main St, Austin, TX 78701" in form
        assert "https://go.example/unsubscribe?token=" in form
        assert "STOP" in form
    assert message.html.index("Hello") < message.html.index("1 Main St") < message.html.index("</body>")
    assert message.list_unsubscribe.startswith("<mailto:ada@contoso.example?subject=STOP%20")


@pytest.mark.parametrize(
    ("sender", "uri"),
    [
        ("ada+leads@contoso.example", "ada+leads@contoso.example"),
        ("ada&bob?x#y%z@contoso.example", "ada%26bob%3Fx%23y%25z@contoso.example"),
        ("jürgen@müller.example", "j%C3%BCrgen@xn--mller-kva.example"),
    ],
)
def test_the_address_for_stop_mails_is_a_uri(sender: str, uri: str) -> None:
    mail = compose(template("<p>x</p>"), LEAD, CONFIG, account=sender)
    assert mail.list_unsubscribe == f"<mailto:{uri}?subject=STOP>"


def test_the_footer_is_html_in_html_and_text_in_text() -> None:
    signed = CONFIG.model_copy(update={"signature_html": "<b>Ada &amp; Co</b>", "company_name": "Müller & Söhne <Ltd>"})
    message = compose(
        template("<p>x</p>"), LEAD, signed, account="a@b.example", token_key="k", public_url="https://g.example"
    )
    assert '<a href="https://g.example/unsubscribe?token=' in message.html
    assert "<b>Ada &amp; Co</b><div" in message.html
    assert "Müller &amp; Söhne &lt;Ltd&gt;<br>" in message.html
    assert "Ada & Co\n\n-- \nAda Lovelace, Müller & Söhne <Ltd>\n" in message.text


def test_a_mail_is_one_document_whatever_its_template_is() -> None:
    for body in (
        "<p>x</p>",
        "<style>p { color: red }</style><p>x</p>",
        "<html><body><p>x</p></body></html>",
        "<!doctype html><html><head><style>p{color:red}</style></head><body><p>x</p></body></html>\n",
        "<style>p { color: {{ 'red' }} }</style><p>x</p>",
        "<html><p>x</p></html>",
    ):
        html = compose(template(body), LEAD, CONFIG, account="a@b.example").html.lower()
        assert html.startswith("<!doctype html>"), body
        for tag in ("<html", "<body", "</html>", "<!doctype"):
            assert html.count(tag) <= 1, (body, html)
        assert html.index("1 main st") < (html.index("</html>") if "</html>" in html else len(html))


def test_a_mail_that_nobody_could_opt_out_of_is_not_made() -> None:
    with pytest.raises(Unrenderable, match="opt out"):
        compose(template("<p>x</p>"), LEAD, CONFIG, account="ada-via-relay")
    assert compose(template("<p>x</p>"), LEAD, CONFIG, account="x", token_key="k", public_url="https://g.example").html


def test_a_footer_within_a_condition_is_refused() -> None:
    source = "<html><body><p>x</p>{% if name %}</body></html>{% endif %}"
    with pytest.raises(Unrenderable, match="footer"):
        compose(template(source), LeadData(email="a@b.example"), CONFIG, account="a@b.example")


def test_without_a_public_address_reply_stop_remains() -> None:
    message = compose(template("<p>x</p>"), LEAD, CONFIG, account="ada@contoso.example")
    assert "Reply STOP" in message.html
    assert "unsubscribe?token" not in message.html


def test_the_signature_is_cleaned_and_comes_once() -> None:
    signed = CONFIG.model_copy(update={"signature_html": "<b>Ada</b><script>alert(1)</script>"})
    for body in ("<p>x</p>", "<p>x</p>{{ signature }}"):
        message = compose(template(body), LEAD, signed, account="a@b.example")
        html = message.html
        assert message.text.startswith("x\n\nAda\n\n--") or message.text.startswith("x\n\nAda\n--")
        assert "<b>" not in message.text
        assert html.count("<b>Ada</b>") == 1
        assert "script" not in html
