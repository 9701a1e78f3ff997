"""What it costs to ask for every objective, and to write all of them for other tools."""
