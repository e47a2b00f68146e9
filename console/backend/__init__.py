"""What is known about the backend itself: which functions are deployed, whether they answer, what they log."""
