"""Leads of one's own: a file or pasted text, read, mapped, checked and handed to the backend one by one."""
