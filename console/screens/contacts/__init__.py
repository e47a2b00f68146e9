"""The contacts: tens of thousands of rows, filtered, sorted, and each with all that is known of it and from where."""
