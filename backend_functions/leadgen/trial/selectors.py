"""Which rules of a definition found nothing on a post. The Processor goes on without; its author should know."""

from __future__ import annotations

from leadgen.harvest.sources import PostRules
from leadgen.process.document import Page
from leadgen.process.post import ExtractedPost

EXPECTED_EVERYWHERE = frozenset({"title", "body"})
"""What every post has; the rest may well be missing on one post, but not on all."""


def missed_rules(rules: PostRules, html: str, post: ExtractedPost) -> list[str]:
    """Names of the rules, such as ``body`` or ``fields.price``, that found nothing.

    Args:
        rules: of the definition.
        html: the post's page.
        post: what was extracted from it.
    """
    page = Page(html)
    selectors = {"title": rules.title, "body": rules.body, "images": rules.images, "contact_link": rules.contact_link}
    missed = [name for name, selector in selectors.items() if selector and not page.nodes(selector)]
    return missed + [f"fields.{name}" for name in rules.fields if not post.fields.get(name)]
