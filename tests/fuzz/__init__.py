"""Bent and broken files by the hundred thousand: `python -m tests.fuzz --count 200000`."""
