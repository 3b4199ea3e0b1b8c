"""Accepted files, kept in a folder or a cloud under names that only this service chooses."""
