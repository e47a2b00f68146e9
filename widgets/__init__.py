"""Widgets of the console that know Textual and nothing of leads."""
