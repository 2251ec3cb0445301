import unittest

from tally.lines import count_lines


class CountLines(unittest.TestCase):
    def test_an_empty_text_has_no_lines(self) -> None:
        self.assertEqual(count_lines(""), 0)

    def test_a_last_line_counts_without_its_line_feed(self) -> None:
        self.assertEqual(count_lines("a\nb"), 2)


if __name__ == "__main__":
    unittest.main()
