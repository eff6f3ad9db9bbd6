"""The tests, and under ``support`` what they share."""
