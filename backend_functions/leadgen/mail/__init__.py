"""Templates, compliance, pacing and the sending of mail. Knows nothing of scraping, and sign-in only as a token."""
