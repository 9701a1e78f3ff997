"""Counts recorded from the instruments, objectives judged at every tick, and the same truth written for other tools."""
