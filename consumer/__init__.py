"""Attachment consumer: judges the files that customers send in Genesys Cloud messaging."""

__version__ = "0.2.0.dev0"
