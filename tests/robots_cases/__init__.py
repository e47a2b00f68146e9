"""What the two best-known robots.txt parsers are expected to do, in this project's words and with its own names."""
