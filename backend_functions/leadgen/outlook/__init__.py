"""Signing mailboxes in, and keeping their secrets. Knows OAuth and the vault; nothing of templates or leads."""
