"""What all workers share about a host: whose turn it is, how fast it may be asked, and what it asked for."""
