"""Firestore: typed reads and writes, compare-and-set, atomic commits, the clock. Nothing here knows what a lead is."""
