"""The screens, in the order of their keys."""

from __future__ import annotations

from console.actions.action import Action, ScreenEntry

SCREENS = (
    ScreenEntry("dashboard", "1", "Dashboard", "console.screens.dashboard.screen:DashboardScreen"),
    ScreenEntry("campaigns", "2", "Campaigns", "console.screens.campaigns.screen:CampaignsScreen"),
    ScreenEntry("review", "3", "Review", "console.screens.review.screen:ReviewScreen"),
    ScreenEntry("email", "4", "Email", "console.screens.email.screen:EmailScreen"),
    ScreenEntry("contacts", "5", "Contacts", "console.screens.contacts.screen:ContactsScreen"),
    ScreenEntry("templates", "6", "Templates", "console.screens.templates.screen:TemplatesScreen"),
    ScreenEntry("config", "7", "Config", "console.screens.config.screen:ConfigScreen"),
    ScreenEntry("backend", "8", "Backend", "console.screens.backend.screen:BackendScreen"),
)

ACTIONS = tuple(
    Action(f"go.{s.name}", s.key, f"go to: {s.title.lower()}", f"Show {s.title}.", f"show('{s.name}')") for s in SCREENS
)
