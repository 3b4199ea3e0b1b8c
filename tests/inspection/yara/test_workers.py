"""Rules in real workers, held in as all are. The slow rule is one that YARA-X itself takes seconds for."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from consumer.inspection.policy.policy import Policy
from consumer.inspection.workers import attacks
from consumer.inspection.workers.asking import FileBody, Matched
from consumer.inspection.workers.bounds import Bounds
from consumer.inspection.workers.confinement import not_offered
from consumer.inspection.workers.frames import WITH_RULES
from consumer.inspection.workers.pool import Workers
from consumer.inspection.workers.process import Template
from consumer.inspection.workers.proof import attacked
from consumer.inspection.workers.ruling import SEARCHED_EVERY_S, Ruling
from consumer.inspection.workers.starting import WorkersNotStarted, default_command
from consumer.inspection.workers.worker import Plan
from consumer.inspection.yara.rules import Rule, Rules, compiled
from consumer.model import Facts, Finding, Reason
from consumer.telemetry.labels import WorkerEnd
from tests.inspection.files import MemoryBody, attachment
from tests.inspection.tally import Tally

MIB = 1024 * 1024
RULES = compiled(
    """
    import "pe"
    import "math"
    rule First { strings: $a = "tell me" nocase condition: $a }
    rule Slow { strings: $a = /a[^\\n]{0,60}b[^\\n]{0,60}c/ condition: $a }
    rule Last : tag { meta: action = "reject" strings: $a = "evil" condition: #a > 0 and math.entropy(0, filesize) > 0 }
    rule Program { condition: pe.is_pe and pe.number_of_sections > 90 }
    rule Loop { condition: for any i in (0..9): (uint8(i) == 7) }
    """,
    "rules.yar",
)
SLOW = b"ab" * 300_000
POLICY = Policy.load()


@dataclass
class Changing:
    """The rules in force."""

    rules: Rules = field(default_factory=lambda: RULES)

    def __call__(self) -> Rules:
        return self.rules


async def examined(workers: Workers, data: bytes) -> Facts:
    with MemoryBody(data) as body:
        return await workers.examine(body, attachment("a.txt"))


def yara(facts: Facts) -> list[Finding]:
    return [finding for finding in facts.findings if finding.code is Reason.YARA]


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    async with Workers(1, bounds=Bounds(deadline_s=60.0), rules=lambda: RULES, reports=Tally()) as started:
        yield started


async def test_a_rule_that_matches_is_the_finding_and_its_action_decides(workers: Workers) -> None:
    nothing, told, refused, both = [
        await examined(workers, data)
        for data in (b"good words\n", b"Tell me more\n", b"an evil word\n", b"tell me of the evil\n")
    ]
    assert yara(nothing) == []
    assert yara(told) == [Finding(Reason.YARA, "the rule First matches", rejects=False)]
    assert yara(refused) == [Finding(Reason.YARA, "the rule Last matches", rejects=True)]
    assert yara(both) == yara(refused), "one that rejects is told before another one"
    assert [POLICY.decide(attachment("a.txt"), facts) for facts in (nothing, told, refused)] == [
        None, None, Reason.YARA,
    ]  # fmt: skip
    assert nothing.detectors["yara"] == RULES.version


async def test_a_rule_that_takes_too_long_is_named_and_counted_and_the_file_passes() -> None:
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=60.0, cpu_s=0.2), rules=lambda: RULES, reports=tally) as workers:
        facts = await examined(workers, SLOW)
        after = await examined(workers, b"evil")
    assert yara(facts) == [
        Finding(Reason.YARA, "the rule Slow takes longer than a file's share of the time", rejects=False)
    ]
    assert facts.detected_type == "text/plain"
    assert POLICY.decide(attachment("a.txt"), facts) is None
    assert tally.of("rules_exceeded") == ["Slow"]
    assert POLICY.decide(attachment("a.txt"), after) is Reason.YARA


async def test_changed_rules_replace_the_workers() -> None:
    rules = Changing()
    async with Workers(1, bounds=Bounds(deadline_s=60.0), rules=rules, reports=Tally()) as workers:
        before = await examined(workers, b"an evil word\n")
        rules.rules = compiled('rule Other { strings: $a = "word" condition: $a }', "rules.yar")
        after = await examined(workers, b"an evil word\n")
    assert [finding.detail for finding in (*yara(before), *yara(after))] == [
        "the rule Last matches",
        "the rule Other matches",
    ]
    assert after.detectors["yara"] == rules.rules.version


async def test_many_files_pass_through_workers_that_are_replaced(workers: Workers) -> None:
    for number in range(40):
        facts = await examined(workers, b"evil %d" % number if number % 3 == 0 else b"good %d" % number)
        assert bool(yara(facts)) == (number % 3 == 0)


@pytest.mark.skipif(bool(not_offered()), reason=f"no filter here: {not_offered()}")
async def test_rules_open_no_way_out() -> None:
    template = await Template.start((*default_command(), WITH_RULES))
    plan = Plan(1024 * MIB, first_cpu_s=100, rules=RULES)
    try:
        for attack in (*attacks.AT_START, "memory made executable", "write to files in hand", "program"):
            assert await attacked(template, plan, attack, attacks.Target(os.getpid())) == "killed", attack
    finally:
        await template.close()


async def test_rules_that_a_template_could_not_load_are_sent_again() -> None:
    template = await Template.start((*default_command(), WITH_RULES))
    broken = replace(RULES, compiled=replace(RULES.compiled, content=b"no rules"))  # of the same digest, so equal
    try:
        with pytest.raises(WorkersNotStarted):
            await template.fork(Plan(1024 * MIB, rules=broken)).ready()
        await template.fork(Plan(1024 * MIB, rules=RULES)).ready()
    finally:
        await template.close()


class Asked:
    """Answers for workers: what the rules in force say, and which rules alone take too long."""

    def __init__(self, outcome: Matched | WorkerEnd, slow: str = "") -> None:
        self.outcome, self.slow, self.tries = outcome, slow, 0

    async def matched(self, body: FileBody, conversation: str) -> Matched | WorkerEnd:
        return self.outcome

    async def exceed(self, rules: Rules, body: FileBody, conversation: str) -> bool:
        self.tries += 1
        return self.slow in {rule.name for rule in rules.rules}


@pytest.mark.parametrize("end", ["filter", "crash", "babble", "outside", "deadline"])
async def test_rules_that_end_their_worker_reject_nothing_and_are_told(end: WorkerEnd) -> None:
    with MemoryBody(b"x") as body:
        finding = await Ruling(Asked(end), lambda: RULES, Tally()).finding(body, "c")
    assert finding is not None
    assert finding.rejects is False
    assert finding.detail.startswith("the rules could not be applied: ")


async def test_a_rule_is_searched_once_a_minute_and_the_one_of_before_is_tried_first() -> None:
    clock, asked, tally = [0.0], Asked("budget", "Slow"), Tally()
    ruling = Ruling(asked, lambda: RULES, tally, now=lambda: clock[0])
    with MemoryBody(b"x") as body:
        for slow, later in (("Slow", 0.0), ("Slow", 0.0), ("Last", 0.0), ("Last", SEARCHED_EVERY_S)):
            asked.slow = slow
            clock[0] += later
            await ruling.finding(body, "c")
    assert tally.of("rules_exceeded") == ["Slow", "Slow", None, "Last"]


async def test_a_rule_without_a_name_of_its_own_is_none() -> None:
    with MemoryBody(b"x") as body:
        assert await Ruling(Asked(Matched(None)), lambda: RULES, Tally()).finding(body, "c") is None
        found = await Ruling(Asked(Matched(Rule("A", True))), lambda: RULES, Tally()).finding(body, "c")
    assert found == Finding(Reason.YARA, "the rule A matches", rejects=True)
