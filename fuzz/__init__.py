"""Everything that reads what a stranger wrote, fed with what nobody should send: `python -m fuzz`."""
