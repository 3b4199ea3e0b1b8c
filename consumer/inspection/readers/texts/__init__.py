"""Texts of a kind that only their name or declaration tells: tables, contacts, calendars, XML and JSON."""
