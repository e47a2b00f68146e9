"""Programs that do the same job in a process of their own, so that CPU time and memory can be compared."""
