"""Signing a Microsoft mailbox in, and keeping its tokens. Knows OAuth and the vault; nothing of templates or leads."""
