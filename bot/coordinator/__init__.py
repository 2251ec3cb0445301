"""The coordinator: deterministic code that decides what can safely move right now. It spends no tokens."""
