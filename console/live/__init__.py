"""Live data: supervised Firestore listeners feed a coalescing store; the screens ask it four times a second."""
