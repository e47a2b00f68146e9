"""The console's screens, each a module or package. A screen shows a `View` and calls the backend; it owns no data."""

from pathlib import Path

FIELDS = Path(__file__).with_name("fields.tcss")
"""The style sheet of forms, for the screens that have one."""
