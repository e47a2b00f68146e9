"""Reading listing pages politely and claiming their posts, each once, batch by batch."""
