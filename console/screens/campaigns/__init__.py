"""Starting campaigns, and how each of them went."""
