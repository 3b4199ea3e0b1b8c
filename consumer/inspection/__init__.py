"""One attachment, top to bottom, to a verdict. Read `inspect` first."""
