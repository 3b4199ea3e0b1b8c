"""A queue in use, on a clock of its own: work comes, runs for what it costs, makes room where it has grown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from consumer.turns.queue import Queue
from consumer.turns.turn import LONG, SHORT, Stand, Turn


@dataclass(eq=False)
class Job:
    conversation: str
    cost: float
    comes: float = 0.0
    rank: int = SHORT
    size: int = 1
    began: float | None = None
    ended: float | None = None
    wasted: float = 0.0
    spent: float = 0.0  # of what counts

    @property
    def waited(self) -> float:
        assert self.ended is not None, "it never ended"
        return self.ended - self.comes - self.cost


@dataclass
class Play:
    """Work that is longer than `short` grows. What always holds is looked at after every step."""

    queue: Queue
    short: float | None = None
    now: float = 0.0
    jobs: dict[Turn, Job] = field(default_factory=dict)
    ended: list[Job] = field(default_factory=list)
    running: set[Turn] = field(default_factory=set)

    def run(self, jobs: Iterable[Job], until: float = float("inf")) -> list[Job]:
        coming = sorted(jobs, key=lambda job: job.comes)
        while (coming or self.jobs) and self.now < until:
            step = min([coming[0].comes - self.now] if coming else [], default=float("inf"))
            step = min(step, *map(self._until_next, self.running), until - self.now)
            self._pass(max(step, 0.0))
            while coming and coming[0].comes <= self.now:
                job = coming.pop(0)
                turn = self.queue.ask(job.conversation, job.rank, self.now, job.size)
                self.jobs[turn] = job
                if turn.stand is Stand.RUNS:
                    self.running.add(turn)
            self._settle()
        return self.ended

    def _until_next(self, turn: Turn) -> float:
        job = self.jobs[turn]
        if self.short is not None and turn.rank == SHORT and job.spent < self.short < job.cost:
            return self.short - job.spent
        return job.cost - job.spent

    def _pass(self, seconds: float) -> None:
        self.now += seconds
        for turn in sorted(self.running, key=lambda turn: turn.number):
            job = self.jobs[turn]
            job.spent += seconds
            if job.spent >= job.cost - 1e-9:
                job.ended = self.now
                self.queue.end(turn, job.spent + job.wasted, self.now)
                self.ended.append(self.jobs.pop(turn))
                self.running.remove(turn)
            elif self.short is not None and turn.rank == SHORT and job.spent >= self.short - 1e-9:
                self.queue.grown(turn, LONG, job.spent + job.wasted, self.now)

    def _settle(self) -> None:
        queue = self.queue
        while True:
            while (turn := queue.admit(self.now)) is not None:
                self.running.add(turn)
            self._work_is_conserved()
            able = [turn for turn in self.running if turn.rank == LONG]
            turn = queue.in_the_way(self.now, able, lambda turn: self.jobs[turn].spent)
            if turn is None:
                return
            job = self.jobs[turn]
            self.running.remove(turn)
            if queue.can_put_aside:
                queue.put_aside(turn, job.spent + job.wasted, self.now)
            else:
                queue.start_again(turn, job.spent + job.wasted, self.now)
                job.wasted, job.spent = job.wasted + job.spent, 0.0

    def _work_is_conserved(self) -> None:
        queue, taken = self.queue, sum(turn.size for turn in self.running)
        assert all(turn.stand is Stand.RUNS for turn in self.running)
        assert taken + queue.free == queue.room >= taken
        assert queue.waiting == len(self.jobs) - len(self.running)
        largest = max((turn.size for turn in self.jobs), default=1) if len(self.jobs) < 100 else 1
        assert not queue.waiting or queue.free < largest
        assert len(queue._aside) <= queue._most_aside
