"""What a set-up lacks, found by trying each of its parts once: for `check-config --online`."""
