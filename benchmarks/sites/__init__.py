"""Small sites for the benchmarks to read, each in a process of its own."""
