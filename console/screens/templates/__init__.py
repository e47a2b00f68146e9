"""Templates: write, see at once what a lead would get, check, try out."""
