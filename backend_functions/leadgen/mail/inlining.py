"""Style sheets of a template moved into `style` attributes, because many mail programs ignore `<style>`.

It is done once per template version, so on the source, before anything is filled in. The template's own syntax is
hidden from the HTML parser behind markers meanwhile: a comment where text may stand (a parser leaves comments alone,
even inside a table), a word inside a tag.
"""

from __future__ import annotations

import re
from functools import lru_cache

import css_inline

_SYNTAX = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_MARKER = re.compile(r"<!--leadgen-(\d+)-->|leadgen-(\d+)-mark")
_STYLE = re.compile(r"<style\b", re.IGNORECASE)


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    # Media queries can't be inlined and stay; nothing is ever fetched.
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def inline_source(source: str) -> str | None:
    """The template source with its style sheets inlined.

    Returns:
        `None` if the template's syntax stands where it can't be hidden (inside a style sheet, say); such a
        template is inlined after rendering, by `inline_html`.
    """
    if not _STYLE.search(source):
        return source
    found: list[str] = []

    def hide(match: re.Match[str]) -> str:
        found.append(match[0])
        number = len(found) - 1
        inside_tag = source.rfind("<", 0, match.start()) > source.rfind(">", 0, match.start())
        return f"leadgen-{number}-mark" if inside_tag or match[0].startswith("{{") else f"<!--leadgen-{number}-->"

    hidden = _SYNTAX.sub(hide, source)
    inlined = inline_html(hidden)
    order = [int(a or b) for a, b in _MARKER.findall(inlined)]
    if order != list(range(len(found))):
        return None
    return _MARKER.sub(lambda match: found[int(match[1] or match[2])], inlined)


def inline_html(html: str) -> str:
    """A finished document with its style sheets inlined; unchanged if they can't be read."""
    if not _STYLE.search(html):
        return html
    try:
        return _inliner().inline(html)
    except css_inline.InlineError:
        return html
