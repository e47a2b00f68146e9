"""The documents, their fields, their statuses and which transition is legal. No I/O of any kind."""
