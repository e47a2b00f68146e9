"""The configuration: reading it, changing it as a whole or not at all, and what it was before."""

from leadgen.settings.service import SettingsChange, read_settings, update_settings

__all__ = ["SettingsChange", "read_settings", "update_settings"]
