"""Mails (RFC 5322 and MIME): their parts, decoded and judged like files that were sent by themselves."""
