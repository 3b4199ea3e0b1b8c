"""Attachment consumer: judges the files that customers send in Genesys Cloud messaging."""

__version__ = "0.1.0"
