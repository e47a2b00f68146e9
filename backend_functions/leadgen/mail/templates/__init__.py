"""Email templates: checking them when they are saved, and filling them in.

Variables, in the plan's camelCase and in snake_case alike; an unknown field of a lead is an empty text, so
`{{ name or 'there' }}` works, and a template's own `defaults` say what stands for it:

    name, businessName, phone, email, websiteUrl, category, city, title, opener
    services           the services as a phrase: "gutters, roofs and fences"
    servicesRendered   the same as a list, for loops
    greetingName       the first name, else the business's name, else "there"
    fields.price       a further field of the post, by the name the site's definition gives it
    senderName, companyName, signature   from the configuration

Variations are written ``[[Hello|Hi]]``; which one a lead gets is drawn from the lead's seed, always the same.
"""

from __future__ import annotations

from leadgen.mail.templates.linting import Finding, check_template, lint
from leadgen.mail.templates.rendering import Rendered, Unrenderable, render
from leadgen.mail.templates.variables import KNOWN

__all__ = ["KNOWN", "Finding", "Rendered", "Unrenderable", "check_template", "lint", "render"]
