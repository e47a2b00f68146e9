"""Leads whose address is behind a CAPTCHA: the list, the operator's browser beside it, and what was found."""
