"""The dashboard: all that goes on, at a glance."""
