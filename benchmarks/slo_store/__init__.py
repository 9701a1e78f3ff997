"""What recording service levels costs, and how much of a disk a day of it takes."""
