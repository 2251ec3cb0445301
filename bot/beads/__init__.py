"""What a bead is. Pure: nothing here does I/O or knows the time."""
