"""What answers over HTTP: webhooks and the token broker. It knows GitHub only through `ports.py`."""
