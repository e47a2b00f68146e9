"""The email queue: what waits and why, what left, what needs a person."""
