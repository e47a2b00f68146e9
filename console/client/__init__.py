"""The console's way to the backend: which project, who is signed in, calls to the functions, listeners' Firestore."""
