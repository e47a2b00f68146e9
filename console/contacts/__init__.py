"""The operator's local copy of the contacts: filled in pages, kept up to date, filtered and sorted without the network.

Nothing here knows a screen; the console and the command line use the same parts.
"""
