"""Load for the Governor's soak: workers that may be killed at any moment."""
