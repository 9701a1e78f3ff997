"""How long it takes to find who gets an event."""
