"""The settings as the screen lists them.

Kind and bounds come from the backend's own model of the configuration, so they are written down once. A setting that
has no title here is listed under its name: nothing that can be set is missing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One setting.

    Args:
        path: its name, with a dot where it is part of another, such as ``sendIntervalSeconds.min``.
        group: the heading it stands under.
        title: what it is, in a few words.
        help: what it does, in a sentence.
        unit: what it is counted in.
        kind: ``whole``, ``number``, ``switch``, ``choice``, ``text`` or ``list``.
        low: the lowest value, for numbers.
        high: the highest value, for numbers.
        choices: the values there are, for a choice.
        at_zero: what 0, or an empty list, means where that is not what it says.
    """

    path: str
    group: str
    title: str
    help: str
    unit: str
    kind: str
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()
    at_zero: str = ""

    @property
    def is_days(self) -> bool:
        """Whether it holds days of the week."""
        return self.path == "workingHours.days"

    @property
    def is_number(self) -> bool:
        """Whether it has a bar."""
        return self.kind in {"whole", "number"}

    @property
    def bounds(self) -> str:
        """What is allowed, in words."""
        if self.is_days:
            return "such as mon-fri, or mon,thu, or daily"
        if self.is_number:
            return f"{number(self.low)}–{number(self.high)} {self.unit}".strip()
        if self.kind == "choice":
            return ", ".join(self.choices)
        return {"switch": "on or off", "list": "separated by commas", "text": "text"}[self.kind]


_LISTED = (
    # path, group, title, unit, help
    ("llmTransactionLimit", "Model", "Calls a minute", "", "Model calls in any rolling minute, over all; 0 pauses."),
    ("llmTokensPerMinute", "Model", "Tokens a minute", "", "Tokens in any rolling minute; 0 for no bound."),
    ("llmDollarsPerDay", "Model", "Dollars a day", "$", "What calls may cost on a day (UTC); 0 for no bound."),
    ("sendingPaused", "Sending", "Sending paused", "", "While on, no mail leaves; campaigns go on."),
    ("emailProvider", "Sending", "Mail goes through", "", "outbox is a dry run: nothing leaves, all can be read."),
    ("sendIntervalSeconds.min", "Sending", "Pause at least", "s", "Between two mails: at least this, by chance more."),
    ("sendIntervalSeconds.max", "Sending", "Pause at most", "s", "Between two mails: at most this."),
    ("pauseAfter", "Sending", "Longer pause after", "mails", "After so many mails; 0 for none."),
    ("pauseSeconds", "Sending", "Longer pause", "s", "How long it is."),
    ("dailyCap", "Sending", "Cap per mailbox", "mails", "In any rolling 24 hours."),
    ("dailyCapTotal", "Sending", "Cap in all", "mails", "All mailboxes together in any 24 hours; 0 for none."),
    ("rampFirstDay", "Sending", "New mailbox begins at", "mails", "In the first 24 hours of a new mailbox."),
    ("rampDailyGrowth", "Sending", "and grows by", "× a day", "Each day, until it reaches its daily cap."),
    ("bouncePausePercent", "Sending", "Pause when bounced", "%", "Of the last mails; then the mailbox pauses itself."),
    ("recontactDays", "Sending", "Write again after", "days", "The same person is not written to before."),
    ("workingHours.start", "Hours", "From", "", "In the lead's own timezone."),
    ("workingHours.end", "Hours", "Until", "", "In the lead's own timezone."),
    ("workingHours.days", "Hours", "Days", "", "In the lead's own timezone."),
    ("activeTimezones", "Hours", "Timezones", "", "Leads in others wait; none named means all are written to."),
    ("skipHolidays", "Hours", "Wait on holidays", "", "Public holidays of the lead's country."),
    ("harvestRequestsPerSecond", "Harvest", "Requests a second", "", "Per website, never faster than it asks for."),
    ("captchaMaxAttempts", "Harvest", "CAPTCHA attempts", "", "After so many a lead is given up."),
    ("allowRoleAddresses", "Rules", "Write to info@, sales@ …", "", "Most small businesses are reached there."),
    ("allowDisposableAddresses", "Rules", "Write to throw-away addresses", "", "Nobody reads them."),
    ("senderName", "Sender", "Sender's name", "", "Who signs the mails."),
    ("companyName", "Sender", "Company", "", "Who sends them."),
    ("postalAddress", "Sender", "Postal address", "", "15 U.S.C. §7704(a)(5) asks for it; without it nothing is sent."),
    ("signatureHtml", "Sender", "Signature", "", "HTML below every mail."),
)  # fmt: skip

_AT_ZERO = {
    "llmTransactionLimit": "(paused)",
    "llmTokensPerMinute": "(no bound)",
    "llmDollarsPerDay": "(no bound)",
    "pauseAfter": "(no longer pauses)",
    "dailyCapTotal": "(no cap)",
    "activeTimezones": "all",
}


@cache
def entries() -> tuple[Entry, ...]:
    """Every setting there is, those with a title first."""
    from leadgen.model.config import Settings

    schema = Settings.model_json_schema(by_alias=True)
    leaves = dict(_leaves(schema, schema["properties"], ""))
    out = []
    for path, group, title, unit, text in _LISTED:
        leaf = leaves.pop(path, None)
        if leaf is not None:
            out.append(_entry(path, group, title, unit, text, leaf))
    out += [_entry(path, "Other", path, "", "", leaf) for path, leaf in leaves.items()]
    return tuple(out)


def _leaves(schema: dict[str, Any], properties: dict[str, Any], prefix: str) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for name, described in properties.items():
        reference = described.get("$ref") or (described.get("allOf") or [{}])[0].get("$ref", "")
        inner = schema.get("$defs", {}).get(str(reference).rpartition("/")[2], {})
        if "properties" in inner:
            found += _leaves(schema, inner["properties"], f"{prefix}{name}.")
        else:
            found.append((prefix + name, {**inner, **described}))
    return found


def _entry(path: str, group: str, title: str, unit: str, text: str, leaf: dict[str, Any]) -> Entry:
    if "enum" in leaf or "const" in leaf:
        return Entry(path, group, title, text, unit, "choice", choices=tuple(leaf.get("enum") or [leaf["const"]]))
    meant = _AT_ZERO.get(path, "")
    kind = {"integer": "whole", "number": "number", "boolean": "switch", "array": "list"}.get(
        leaf.get("type", ""), "text"
    )
    low = leaf.get("minimum", leaf.get("exclusiveMinimum", 0))
    if "exclusiveMinimum" in leaf:
        low += 0.1
    return Entry(path, group, title, text, unit, kind, float(low), float(leaf.get("maximum", 0)), at_zero=meant)


def entry(path: str) -> Entry:
    """The setting of that name."""
    return next(e for e in entries() if e.path == path)


# -- numbers on a bar


def _is_wide(e: Entry) -> bool:
    return e.high - e.low > 200


def fraction(e: Entry, value: float) -> float:
    """Where a number stands on its bar, 0–1. Wide ranges are shown by magnitude: 20 of 6,000 is not nothing."""
    if e.high <= e.low:
        return 0.0
    if _is_wide(e):
        return math.log1p(max(0.0, value - e.low)) / math.log1p(e.high - e.low)
    return (value - e.low) / (e.high - e.low)


def at_fraction(e: Entry, share: float) -> float:
    """The number at a place of the bar, rounded to two digits that count."""
    share = min(1.0, max(0.0, share))
    raw = e.low + (math.expm1(share * math.log1p(e.high - e.low)) if _is_wide(e) else share * (e.high - e.low))
    return bounded(e, round(raw / grain(e, raw)) * grain(e, raw))


def grain(e: Entry, value: float) -> float:
    """A step at that value: the second digit that counts, at least 1, or 0.1 where fractions make sense."""
    least = 1.0 if e.kind == "whole" or e.high > 100 else 0.1
    size = abs(value)
    return max(least, 10.0 ** (math.floor(math.log10(size)) - 1)) if size > 0 else least


def stepped(e: Entry, value: float, steps: int) -> float:
    """The number that many steps away, within its bounds."""
    step = grain(e, value) if steps > 0 else grain(e, value * 0.999)
    return bounded(e, round((value + steps * step) / step) * step)


def bounded(e: Entry, value: float) -> float:
    """The number within its bounds, whole if the setting is."""
    value = min(e.high, max(e.low, value))
    return int(value) if e.kind == "whole" else round(value, 2)


def number(value: float) -> str:
    """A number with separators and no needless zeros."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0")
