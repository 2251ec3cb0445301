"""Small measures of a text."""
