"""An operator's own YARA rules: compiled here, applied by workers."""
