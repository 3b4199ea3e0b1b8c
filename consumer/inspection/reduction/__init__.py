"""A file made smaller and emptied of what its owner wrote, as long as it still shows what it showed."""
