"""What a model's tokens cost, and how many a prompt has at most.

The list holds OpenAI's public prices for pay-as-you-go calls (https://platform.openai.com/docs/pricing), as of April
2026. Whoever pays something else, or asks another model, says so in LEADGEN_LLM_PRICE.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from leadgen.llm.spending import Price
from leadgen.model.errors import InvalidInput

LIST_PRICES: dict[str, Price] = {
    "gpt-4o": Price(2.50, 10.00),
    "gpt-4o-mini": Price(0.15, 0.60),
    "gpt-4.1": Price(2.00, 8.00),
    "gpt-4.1-mini": Price(0.40, 1.60),
    "gpt-4.1-nano": Price(0.10, 0.40),
    "gpt-5": Price(1.25, 10.00),
    "gpt-5-mini": Price(0.25, 2.00),
    "gpt-5-nano": Price(0.05, 0.40),
}
"""Dollars for a million tokens, sent and answered."""

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_MESSAGE_TOKENS = 8
"""What the frame of a message takes, at most: its role and its marks."""
_LETTERS_A_TOKEN = 2.0


def price_of(model: str, stated: str = "", *, setting: str = "LEADGEN_LLM_PRICE") -> Price | None:
    """The price of a model's tokens; `None` if nobody knows it.

    Args:
        model: its name; one with a date (``gpt-4o-mini-2024-07-18``) costs what the one without costs.
        stated: what the operator says it costs, as ``prompt/completion`` in dollars for a million tokens, or "".
        setting: where the operator says it.

    Raises:
        InvalidInput: `stated` is something else.
    """
    if not stated:
        return LIST_PRICES.get(_DATED.sub("", model))
    prompt, _, completion = stated.partition("/")
    try:
        found = Price(float(prompt), float(completion))
    except ValueError:
        found = Price(-1.0)
    if not all(0 <= dollars < math.inf for dollars in (found.prompt, found.completion)):
        raise InvalidInput(
            f"{setting} is {stated!r}, which is not a price.",
            hint="Give dollars for a million tokens, sent and answered, such as 0.15/0.60.",
        )
    return found


def most_tokens(messages: Iterable[Mapping[str, str]]) -> int:
    """How many tokens a conversation has, at most.

    The vocabularies in use make one token of about four letters of English, and of two where the letters are no words
    of any language. Digits, punctuation and the escapes of other scripts (``\\u4e2d``) may be one token a character.
    """
    total = 0.0
    for message in messages:
        text = message.get("content", "")
        letters = sum(1 for letter in text if letter.isascii() and (letter.isalpha() or letter.isspace()))
        # An escape of another script has one backslash and four digits, some of which look like letters.
        escapes = text.count("\\u") * 3
        others = len(text.encode("utf-8", "surrogatepass")) - letters
        total += letters / _LETTERS_A_TOKEN + others + escapes + _MESSAGE_TOKENS
    return math.ceil(total)
