"""One file per command: the wiring that `bot/cli.py` does, kept out of its way."""
