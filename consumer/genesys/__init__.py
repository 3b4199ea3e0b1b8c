"""Genesys Cloud: login, API calls, the rate limiter, payload shapes to one `Attachment`."""
