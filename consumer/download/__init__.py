"""Downloads: URL policy, checked addresses, capped streams; and the one place where HTTP clients are made."""
