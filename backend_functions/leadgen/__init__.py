"""The core of leadgen: everything that decides, apart from the triggers that start it and the screens that show it."""
