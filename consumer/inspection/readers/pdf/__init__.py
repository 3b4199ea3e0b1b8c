"""PDF, read as its bytes are and not as its tables of places say. Read `document` first."""
