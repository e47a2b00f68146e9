"""Trying sources and pages without Firestore: what the Harvester and the Processor would find.

The code is theirs: the polite fetcher, the listings, the extraction and the rule of who is who. What is left out is
the store: nothing is remembered between two runs, and nothing is written anywhere.
"""
