"""Style sheets of a template moved into `style` attributes, because many mail programs ignore `<style>`.

It is done once per template version, so on the source, before anything is filled in; the template's own syntax is
hidden from the HTML parser behind marks meanwhile.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from leadgen.mail.template_source import MARK, Piece, can_be_hidden, hidden, joined, mark_number

if TYPE_CHECKING:
    from css_inline import CSSInliner

_STYLE = re.compile(r"<style\b", re.IGNORECASE)


@lru_cache(maxsize=1)
def _inliner() -> CSSInliner:
    import css_inline

    # Media queries can't be inlined and stay; nothing is ever fetched.
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def inline_source(pieces: list[Piece]) -> str | None:
    """The template source with its style sheets inlined.

    Returns:
        `None` if the template's syntax stands where it can't be hidden (inside a style sheet, say); such a
        template is inlined after rendering, by `inline_html`.
    """
    if not any(_STYLE.search(piece.text) for piece in pieces):
        return joined(pieces)
    if not can_be_hidden(pieces):
        return None
    source, found = hidden(pieces)
    inlined = inline_html(source)
    if [mark_number(match) for match in MARK.finditer(inlined)] != list(range(len(found))):
        return None
    return MARK.sub(lambda match: found[mark_number(match)], inlined)


def inline_html(html: str) -> str:
    """A finished document with its style sheets inlined; unchanged if they can't be read."""
    if not _STYLE.search(html):
        return html
    import css_inline

    try:
        return _inliner().inline(html)
    except css_inline.InlineError:
        return html
