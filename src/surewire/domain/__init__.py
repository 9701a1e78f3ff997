"""The nouns of surewire and their maths: no I/O, no clock, no randomness."""
