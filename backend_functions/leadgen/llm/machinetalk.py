"""Sentences of a post that speak to a program instead of people: nothing is read from them, and nothing an answer says
is borne out by them.

This is not what keeps a post from doing harm: an answer has no field for a recipient, its texts are cleaned, and what
they say must stand in the post. It keeps what was slipped into a post out of its description.
"""

from __future__ import annotations

import itertools
import re

from leadgen.llm.plaintext import sentences

_FIELDS = (
    r"(?:business\s?name|contact\s?name|category|services\s?rendered|website\s?(?:score|reason)|opener|opening line)"
)
_TO_A_MACHINE = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|overwrite)\b.{0,60}\b(?:instructions?|previous|above|prior|rules?|"
    r"prompts?|schema|everything|guidelines|filters?|limits?|polic(?:y|ies)|task)\b"
    r"|\b(?:ignora|olvida|ignore[zs]?|oublie[zs]?|ignorier\w*|vergiss)\b.{0,60}\b(?:instruc\w+|anteriores|consignes|"
    r"anweisung\w*|todo|tout|alles|schema|esquema)\b"
    r"|^\W{0,6}(?:system|assistant|user|developer|human|ai|tool|function)\b(?:\s(?:note|message|prompt|override))?\W{0,3}:"
    r"|\bsystem (?:note|message|prompt|override|notice)\b"
    r"|\b(?:you are|act as|pretend|behave as|from now on)\b.{0,40}\b(?:an? (?:ai|assistant|model|bot|agent)|assistant|"
    r"chatgpt|gpt|llm|dan|unrestricted|root|admin\w*|developer)\b"
    r"|\b(?:language model|large model|ai model|chat ?bot|llm|gpt-?\d?|chatgpt|jailbreak|developer mode)\b"
    r"|\bjson\b|\bschema\b|\byaml\b|\bbase64\b|\brot13\b|\bfunction call\b|\btool_call\w*\b|\bnew instructions?\b"
    rf"|\b(?:set|change|make|use|answer|write|output|print|fill|put|respond|reply|replace|return|"
    rf"must be|should be)\b.{{0,30}}"
    rf"\b{_FIELDS}\b.{{0,20}}(?:\bto\b|\bwith\b|\bas\b|=|:|\bis\b)"
    r"|\b(?:set|change|replace|use|put|make)\b.{0,20}\b(?:e-?mails?|phones?|numbers?|urls?|website|recipients?|bcc)\b"
    r".{0,12}(?:\bto\b|\bwith\b|=|:)\s?\S{0,40}[@\d/]"
    r"|(?<!door )(?<!gate )\bopener\s?[:=]|\b(?:contact|business)\s?name\s?[:=]"
    rf"|\b{_FIELDS}\s?(?:must|should|shall|needs? to|has to)\s(?:be|say|read)\b"
    rf"|[\"'{{<\[]\s?{_FIELDS}\s?[\"'}}>\]]|\b(?:businessName|contactName|servicesRendered|websiteScore|websiteReason)\b"
    r"|\{\{|\}\}|\{%|%\}|\$\{|#\{|<%|%>|<\||\|>|\[/?INST\]|<<SYS|</?(?:ad|system|user|assistant|script|prompt|data)\b"
    r"|^\W{0,3}(?:category|score|bcc|reply-to|content-type|x-\w+)\s?:"
    r"|\"(?:role|content|category|opener|ad)\"\s?:",
    re.IGNORECASE,
)
_LONGEST = 2000


def for_people(text: str) -> str:
    """The text without the sentences that speak to a program; lines stay lines.

    Args:
        text: in plain letters; see `leadgen.llm.plaintext.readable`.
    """
    if not speaks_to_machine(text):
        return text
    kept: list[str] = []
    goes_on = False
    for line in text.splitlines():
        # What comes after such a sentence is usually what it announced; so is the line after "System:".
        ones = itertools.takewhile(lambda one: not speaks_to_machine(one), () if goes_on else sentences(line))
        kept.append(" ".join(ones))
        goes_on = not goes_on and line.rstrip().endswith(":") and speaks_to_machine(line)
    return "\n".join(kept)


def speaks_to_machine(text: str) -> bool:
    """Whether a text has words that are meant for a program."""
    return any(
        _TO_A_MACHINE.search(text[start : start + _LONGEST + 200]) for start in range(0, max(1, len(text)), _LONGEST)
    )
