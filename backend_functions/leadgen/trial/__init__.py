"""Trying sources and pages without Firestore: what the Harvester and the Processor would find."""
