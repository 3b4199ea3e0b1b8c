"""Whether a question is asked again in a turn of all repeats (`attempts.repeats`): it has waited for that."""

from __future__ import annotations

from contextvars import ContextVar

IN_ITS_TURN: ContextVar[bool] = ContextVar("IN_ITS_TURN", default=False)
