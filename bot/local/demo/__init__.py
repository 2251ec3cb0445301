"""The demo: a sample repository on the forge, its beads, and the board that follows them to the merge."""
