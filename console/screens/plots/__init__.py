"""Figures over hours and days, drawn."""
