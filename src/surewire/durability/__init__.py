"""The durability plane: nothing is acknowledged before it is on disk, and what was acknowledged is looked after."""
