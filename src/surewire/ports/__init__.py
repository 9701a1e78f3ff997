"""What surewire needs from outside: one `Protocol` per file, its guarantees in the docstring. Planes meet here and nowhere else."""
