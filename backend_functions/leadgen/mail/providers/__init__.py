"""Ways to send: Microsoft Graph, and the outbox of a dry run. All speak the protocol of `base`."""
