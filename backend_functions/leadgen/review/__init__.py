"""A person's work on CAPTCHAs: who holds a lead, which report counts, and what an address must be."""
