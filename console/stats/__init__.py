"""Figures over hours and days: read on demand, drawn as bars on the screen, as text, and as a picture."""
