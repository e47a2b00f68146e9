"""The backend: what is deployed, whether it answers, what is wrong and what to type."""
