"""The configuration: what can be set, how it stands, and how it stood."""
