"""The console's screens, each a module or package. A screen shows a `View` and calls the backend; it owns no data."""
