"""From a schedule back to what would be typed for it, so that it can be changed in the form."""

from __future__ import annotations

from typing import Any

from console.format import plain
from console.screens.campaigns.choices import Choices
from console.screens.campaigns.entry import AGAIN, ONCE, Entry, WhenEntry


def entry_of(schedule_id: str, schedule: Any, choices: Choices) -> Entry:
    """What stands in the form while a schedule is changed.

    A timezone that is the city's is left to the city: with another city it becomes that one's, as in a new schedule.

    Args:
        schedule_id: the schedule.
        schedule: as it is stored.
        choices: the cities there are, for their timezones.
    """
    from leadgen.model.recurrence import days_text

    rule = schedule.recurrence
    city = choices.city(schedule.city)
    zone = "" if city is not None and city.timezone == rule.timezone else plain(rule.timezone, 60)
    if rule.is_once:
        when = WhenEntry(ONCE, at=plain(rule.at, 20).replace("T", " "), zone=zone)
    else:
        ends = plain(rule.until, 10) or (f"{schedule.max_runs} runs" if schedule.max_runs else "")
        when = WhenEntry(AGAIN, days=days_text(rule.days), time=plain(rule.time, 5), zone=zone, ends=ends)
    leads = str(schedule.number_of_leads_to_process)
    return Entry(plain(schedule.city, 80), schedule.template_id, leads, when, schedule_id)
