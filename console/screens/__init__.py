"""The console's screens, one package or module each. A screen shows a `View` and calls the backend; it keeps no data."""
