"""A whole leadgen on one machine: the official Firebase emulators and stand-ins for the services around it."""
