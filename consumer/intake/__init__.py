"""The first loop: records in, tasks out, noise dropped. Read `intake` first."""
