"""cloudtop: a spot development machine that comes back with its data."""
