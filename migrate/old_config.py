"""The earlier program's `config.json`: keys that are known go to the configuration, through its own validation.

Values of unknown keys are never shown: such files hold passwords and keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadgen.model.config import Settings
from leadgen.model.errors import InvalidInput
from leadgen.model.validation import shown, validate
from leadgen.settings import service
from leadgen.store.clock import Clock
from migrate.errors import SourceProblem
from migrate.fields import plain

if TYPE_CHECKING:
    from google.cloud.firestore import Client

_LARGEST = 5_000_000
_SYNONYMS = {
    "llmTransactionLimit": "llmlimit llmrpm llmratelimit llmtransactionsperminute llmcallsperminute transactionlimit"
    " llmrequestsperminute maxllmcallsperminute",
    "dailyCap": "dailylimit maxemailsperday emailsperday dailyemaillimit maxperday dailysendlimit",
    "pauseAfter": "pauseafteremails batchsize emailsbeforepause pauseevery",
    "pauseSeconds": "pauseduration pausetime pauselength batchpause pausedurationseconds",
    "sendIntervalSeconds.min": "mininterval intervalmin minintervalseconds mindelay mindelayseconds sendintervalmin"
    " mindelaybetweenemails",
    "sendIntervalSeconds.max": "maxinterval intervalmax maxintervalseconds maxdelay maxdelayseconds sendintervalmax"
    " maxdelaybetweenemails",
    "workingHours.start": "workinghoursstart starthour workstart sendwindowstart starttime",
    "workingHours.end": "workinghoursend endhour workend sendwindowend endtime",
    "workingHours.days": "workingdays workdays senddays daysofweek",
    "activeTimezones": "timezones timezonelist enabledtimezones",
    "recontactDays": "recontactafterdays minimumdaysbetweenemails dayssincelast mindaysbetweencontacts",
    "captchaMaxAttempts": "maxcaptchaattempts captcharetries captchaattempts",
    "senderName": "fromname sendername yourname",
    "companyName": "company mycompany companyname businessname",
    "postalAddress": "address physicaladdress mailingaddress companyaddress",
    "signatureHtml": "signature emailsignature signatureblock",
    "harvestRequestsPerSecond": "requestspersecond scraperate crawlrate",
    "sendingPaused": "paused pausesending",
}
_TEXT_LIST = frozenset({"activeTimezones"})
_HOURS = frozenset({"workingHours.start", "workingHours.end"})
_SECONDS = frozenset({"sendIntervalSeconds.min", "sendIntervalSeconds.max", "pauseSeconds", "harvestRequestsPerSecond"})
_DAYS = {day: number for number, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}


def _names() -> dict[str, str]:
    known: dict[str, str] = {}
    for name, info in Settings.model_fields.items():
        known[plain(info.alias or name)] = info.alias or name
    for name, words in _SYNONYMS.items():
        known[plain(name)] = name
        known |= {word: name for word in words.split() if word not in known}
    return known


@dataclass
class ConfigPlan:
    """What of the file goes to the configuration.

    Args:
        changes: settings and their values, ready for the configuration.
        from_keys: setting → key of the file.
        refused: key of the file → why its value can't be taken.
        unknown: keys that no setting corresponds to.
        revision: of the configuration once it was changed; 0 before.
    """

    changes: dict[str, Any] = field(default_factory=dict)
    from_keys: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    revision: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The plan as data; values only of settings that are known."""
        return {
            "changes": self.changes,
            "fromKeys": self.from_keys,
            "refused": self.refused,
            "unknown": self.unknown,
            "revision": self.revision,
        }


def read_config(path: Path) -> ConfigPlan:
    """Read the file.

    Raises:
        SourceProblem: it is no JSON object.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise SourceProblem(f"{path} has {path.stat().st_size:,} bytes; that is no configuration.")
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SourceProblem(f"{path} can't be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise SourceProblem(f"{path} is no valid JSON: {error}.") from None
    if not isinstance(content, dict):
        raise SourceProblem(f"{path} is JSON, but no object.")
    return _plan(_flat(content))


def _flat(content: dict[str, Any], before: str = "", depth: int = 0) -> list[tuple[str, Any]]:
    """Keys with their paths; objects are opened."""
    found: list[tuple[str, Any]] = []
    for key, value in content.items():
        path = f"{before}{key}"
        if isinstance(value, dict) and depth < 4:
            found += _flat(value, f"{path}.", depth + 1)
        else:
            found.append((path, value))
    return found


def _plan(pairs: list[tuple[str, Any]]) -> ConfigPlan:
    plan, known = ConfigPlan(), _names()
    for path, value in pairs:
        name = known.get(plain(path)) or known.get(plain(path.rsplit(".", 1)[-1]))
        if name is None or name in plan.from_keys:
            plan.unknown.append(path)
            continue
        try:
            _take(plan, name, _converted(name, value))
        except (InvalidInput, ValueError) as error:
            problem = error.fields[0].allowed if isinstance(error, InvalidInput) and error.fields else str(error)
            plan.refused[path] = f"{shown(value)}: {problem}"
        else:
            plan.from_keys[name] = path
    _check_pairs(plan)
    return plan


def _take(plan: ConfigPlan, name: str, value: Any) -> None:
    """Add a setting, if the configuration takes it by itself."""
    outer, _, inner = name.partition(".")
    if not inner:
        validate(Settings, {outer: value}, what="configuration")
        plan.changes[outer] = value
        return
    together = {**plan.changes.get(outer, {}), inner: value}
    if outer == "workingHours" and inner != "days":
        validate(Settings, {outer: {"start": "00:00", "end": "24:00", inner: value}}, what="configuration")
    elif outer == "sendIntervalSeconds":
        validate(Settings, {outer: {"min": 0.0, "max": 86_400.0, inner: value}}, what="configuration")
    else:
        validate(Settings, {outer: {inner: value}}, what="configuration")
    plan.changes[outer] = together


def _check_pairs(plan: ConfigPlan) -> None:
    """Two values that do not go together are refused together."""
    for outer in ("workingHours", "sendIntervalSeconds"):
        if outer not in plan.changes:
            continue
        try:
            validate(Settings, {outer: plan.changes[outer]}, what="configuration")
        except InvalidInput as error:
            value = plan.changes.pop(outer)
            for name in [name for name in plan.from_keys if name.startswith(outer)]:
                plan.refused[plan.from_keys.pop(name)] = f"{shown(value)}: {error.fields[0].allowed}"


def _converted(name: str, value: Any) -> Any:
    if name in _HOURS:
        return _clock(value)
    if name == "workingHours.days":
        return _days(value)
    if name in _TEXT_LIST and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if name in _SECONDS and isinstance(value, (int, str)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and value.strip().isdigit():
        return int(value)
    if name == "sendingPaused" and value in (0, 1, "true", "false", "yes", "no"):
        return value in (1, "true", "yes")
    return value


def _clock(value: Any) -> str:
    """9, "9", "9:00", "9am" → "09:00"."""
    text = str(value).strip().lower()
    late = text.endswith("pm")
    text = text.removesuffix("am").removesuffix("pm").strip()
    hours, _, minutes = text.partition(":")
    hour = int(hours)
    if text != str(value).strip().lower():
        hour = hour % 12 + (12 if late else 0)
    return f"{hour:02d}:{int(minutes or 0):02d}"


def _days(value: Any) -> Any:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        raise ValueError("must be a list of days")
    return [_DAYS.get(str(item).strip().lower()[:3], item) for item in items]


def apply_config(
    db: Client, plan: ConfigPlan, clock: Clock, update: Callable[..., Any] = service.update_settings
) -> None:
    """Change the configuration; its history keeps what was there.

    Raises:
        InvalidInput: together with the present configuration it is not valid.
    """
    if plan.changes:
        wish = service.SettingsChange(plan.changes, user="migration")
        plan.revision = update(db, wish, clock).revision
