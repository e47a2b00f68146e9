"""Data that came from the earlier program: what was moved, how, and what stayed behind."""
