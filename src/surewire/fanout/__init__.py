"""The fanout plane: from a committed message to every member's sessions, at least once, in order."""
