"""One module a target; each says what must hold."""
