"""Lines of a text."""


def count_lines(text: str) -> int:
    """How many lines the text has; an empty text has none."""
    return len(text.splitlines())
