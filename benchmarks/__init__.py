"""Each figure the documents name has a script here that prints it, beside a peer's in the same run."""
