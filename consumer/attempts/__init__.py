"""Trying again: backoff with jitter, a gate for each dependency, and patience with hosts that have none."""

from consumer.attempts.attempts import Attempts, Patience
from consumer.attempts.backoff import RETRY_AFTER_MAX_S, Backoff
from consumer.attempts.crowd import Crowd
from consumer.attempts.gates import Gate, Gates, Probe, Reports, Sleep
from consumer.attempts.repeats import Repeats

__all__ = [
    "RETRY_AFTER_MAX_S", "Attempts", "Backoff", "Crowd", "Gate", "Gates", "Patience", "Probe", "Repeats", "Reports",
    "Sleep",
]  # fmt: skip
