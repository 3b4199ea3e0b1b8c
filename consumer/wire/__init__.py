"""Bytes to events and tasks, results to bytes and headers; `schemas/` is its contract."""
