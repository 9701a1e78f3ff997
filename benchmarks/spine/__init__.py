"""Figures of the whole path: the real server in a process of its own, clients in another, on one machine."""
