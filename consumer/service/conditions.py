"""Whether tasks may be taken now, and what keeps them out: for the loops, for `/readyz`, for the metrics."""

from __future__ import annotations

import time
from collections.abc import Callable

from consumer.attempts import Gate, Gates
from consumer.service.health import Health
from consumer.telemetry.metrics import Metrics

FOREIGN_LIMIT = 20  # events of another organisation in a row: the service reads the wrong topic


class Conditions:
    """All that stops the intake of tasks, in one place: closed gates, bugs in a row, events of a foreign organisation,
    and what an operator has to mend in Kafka."""

    def __init__(
        self, health: Health, metrics: Metrics, bug_ceiling: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._health, self._metrics = health, metrics
        self._bug_ceiling = bug_ceiling
        self._monotonic = monotonic
        self._bugs = 0
        self._foreign = 0
        self._hindrances: dict[object, str] = {}
        self._gates: Gates | None = None
        self._joined = False

    def watch(self, gates: Gates) -> None:
        self._gates = gates

    def may_take(self) -> bool:
        return not (self._gates and self._gates.closed) and not self.stuck

    @property
    def stuck(self) -> bool:
        """Stopped for good: only an operator can help, and a restart tries again."""
        return self._bugs >= self._bug_ceiling or self._foreign >= FOREIGN_LIMIT

    def polled(self, loop: str) -> None:
        self._health.poller_seen(loop, self._monotonic())

    def judged(self, bug: bool) -> None:
        self._bugs = self._bugs + 1 if bug else 0 if not self.stuck else self._bugs
        if self._bugs == self._bug_ceiling:
            self.hinder("bugs", f"{self._bugs} tasks in a row failed by a bug of this service: see the log")
            self._metrics.intake_stopped["bugs"].set(1)

    def foreign(self, foreign: bool) -> None:
        self._foreign = self._foreign + 1 if foreign else 0 if not self.stuck else self._foreign
        if self._foreign == FOREIGN_LIMIT:
            self.hinder("organization", f"{FOREIGN_LIMIT} events in a row are of another Genesys organisation")
            self._metrics.intake_stopped["organization"].set(1)

    def hinder(self, whom: object, detail: str | None) -> None:
        """Notes what keeps `whom` (a partition, a loop) from going on; None when nothing does any more."""
        if detail is None:
            self._hindrances.pop(whom, None)
        else:
            self._hindrances[whom] = detail
        self._show()

    def gate_changed(self, gate: Gate) -> None:
        self._metrics.gate_closed[gate.dependency].set(gate.closed)
        self._metrics.gate_closed_since[gate.dependency].set(gate.closed_since or 0)
        if gate.closed_since is not None:
            self._health.closed_gates[gate.dependency] = gate.closed_since
        else:
            self._health.closed_gates.pop(gate.dependency, None)
        if gate.closed and gate.refused:
            self.hinder(gate.dependency, gate.detail)
        else:
            self.hinder(gate.dependency, None)

    def assigned(self, partitions: list[int]) -> None:
        """Ready from the first time on, and with no partitions as well: a spare process waits for one."""
        self._joined = True
        self._health.assigned = partitions
        self._show()

    def _show(self) -> None:
        closed = self._gates.closed if self._gates else []
        self._health.refusals = list(self._hindrances.values())
        self._health.ready = self._joined and not self._hindrances
        self._metrics.intake_stopped["gate"].set(bool(closed))
        self._metrics.intake_stopped["refused"].set(any(gate.refused for gate in closed))
