"""One task: its attachments, each inspected once, each answer handed over. Read `task` first."""
