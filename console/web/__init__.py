"""The console in a browser: the same program, served to the one person who has its link."""
