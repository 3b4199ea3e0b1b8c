"""Who is next: on a clock of its own, whatever comes when and costs how much."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.turns.queue import OWED_SHARE, WASTE_SHARE, WASTE_UNKNOWN, Queue
from consumer.turns.turn import LONG, SHORT, Stand, Turn
from consumer.turns.usage import RecentCosts
from tests.quick import examples
from tests.turns.played import Job, Play

JOBS = st.builds(
    Job,
    conversation=st.sampled_from("abcdef"),
    cost=st.sampled_from([0.005, 0.01, 0.05, 0.3, 1.0]),
    comes=st.floats(0, 90),
    rank=st.sampled_from([SHORT, SHORT, SHORT, LONG]),
    size=st.sampled_from([1, 1, 1, 2]),
)


@settings(deadline=None, max_examples=examples(100))
@given(st.lists(JOBS, max_size=60), st.integers(2, 4), st.integers(0, 4), st.sampled_from([None, 0.01]))
def test_no_room_is_left_while_anything_waits_and_everything_ends(
    jobs: list[Job], room: int, aside: int, short: float | None
) -> None:
    """`Play` looks at the laws after each step."""
    play = Play(Queue(room, 0.0, aside=aside, again=0.001), short)
    assert len(play.run(jobs)) == len(jobs)
    assert play.queue.free == room
    assert not play.queue._running_of


@settings(deadline=None, max_examples=examples(30))
@given(
    st.lists(st.sampled_from([0.1, 0.3, 1.0]), min_size=2, max_size=5),
    st.integers(1, 4),
    st.sampled_from([10.0, 20.0]),
)
def test_conversations_that_always_wait_get_the_same(costs: list[float], room: int, seconds: float) -> None:
    """Each asks for work of another cost, and for more of it than there is time."""
    jobs = [
        Job(str(number), cost) for number, cost in enumerate(costs) for _ in range(int(seconds * room / cost) + room)
    ]
    play = Play(Queue(room, 0.0))
    play.run(jobs, until=seconds)
    got = [sum(job.spent for job in (*play.ended, *play.jobs.values()) if job.conversation == str(number))
           for number in range(len(costs))]  # fmt: skip
    assert sum(got) == pytest.approx(seconds * room)
    assert max(got) - min(got) <= (room + 1) * max(costs) + 1e-6


def test_one_conversation_alone_gets_everything() -> None:
    play = Play(Queue(4, 0.0))
    ended = play.run([Job("alone", 1.0) for _ in range(40)])
    assert max(job.ended or 0.0 for job in ended) == pytest.approx(10.0)


def test_another_s_work_is_next_however_much_one_conversation_has_waiting() -> None:
    flood = [Job("flood", 1.0) for _ in range(2_000)]
    others = [Job(f"other {n % 7}", 0.01, comes=5.0 + n) for n in range(50)]
    Play(Queue(2, 0.0)).run([*flood, *others], until=60.0)
    assert max(job.waited for job in others) <= 1.0


def test_what_has_grown_makes_room_for_what_is_short() -> None:
    flood = [Job("flood", 1.0) for _ in range(200)]
    others = [Job(f"other {n % 7}", 0.005, comes=5.0 + n * 0.7) for n in range(50)]
    play = Play(Queue(2, 0.0, aside=2, again=0.003), short=0.01)
    play.run([*flood, *others], until=60.0)
    waits = sorted(job.waited for job in others)
    assert waits[int(len(waits) * 0.95)] <= 0.011


def test_three_hundred_conversations_with_one_long_file_each_hold_nobody_up_and_little_is_done_twice() -> None:
    queue = Queue(2, 0.0, aside=2, again=0.003)
    flood = [Job(f"attacker {n}", 1.0, comes=n * 0.001) for n in range(300)]
    others = [Job(f"new {n}", 0.005, comes=1.0 + n * 0.5) for n in range(200)]
    play = Play(queue, short=0.01)
    ended = play.run([*flood, *others])
    waits = sorted(job.waited for job in others)
    assert waits[int(len(waits) * 0.95)] <= 0.6
    assert waits[len(waits) // 2] <= 0.02
    fifo = (300 * 1.0 + 200 * 0.005) / 2
    assert max(job.ended or 0.0 for job in ended) <= fifo / 0.97
    assert sum(job.wasted for job in flood) <= WASTE_SHARE * 300


def test_where_long_ones_are_known_to_be_not_much_longer_than_short_ones_nothing_is_thrown_away() -> None:
    offices = [Job(f"office {n}", 0.05, comes=0.05) for n in range(300)]
    ended = Play(Queue(2, 0.0, aside=2, again=0.003), short=0.01).run([Job("first", 0.05), *offices])
    assert sum(job.wasted for job in ended) == 0.0
    assert max(job.ended or 0.0 for job in ended) == pytest.approx(0.05 + 300 * 0.05 / 2, rel=0.01)


def test_before_that_is_known_no_more_is_thrown_away_than_once_some_seconds() -> None:
    ended = Play(Queue(2, 0.0, aside=2, again=0.003), short=0.01).run([Job(f"office {n}", 0.05) for n in range(1_000)])
    assert sum(job.wasted for job in ended) <= WASTE_UNKNOWN


PHOTO_S = 0.005


@pytest.mark.parametrize("cost", [0.1, 0.3, 1.0])
@pytest.mark.parametrize(
    ("others", "times"),
    [(["one"] * 60, 3), (["one"] * 2_000, 3), ([f"new {n}" for n in range(300)], 100)],
    ids=["60 of one", "2,000 of one", "one each of 300"],
)
def test_files_that_use_all_they_may_hold_no_photo_of_another_back(others: list[str], times: int, cost: float) -> None:
    """`times` of what it costs alone, of 95 in 100: of the examination, which is a small part of the way of a file.
    Where 300 are new as well, nobody can know the photo from them until each has had its short time."""
    flood = [Job(name, cost, comes=n * 0.0001) for n, name in enumerate(others)]
    photos = [Job(f"photo {n}", PHOTO_S, comes=0.05 + n * 0.4) for n in range(60)]
    play = Play(Queue(2, 0.0, aside=2, again=0.004), short=0.011)
    ended = play.run([*flood, *photos], until=60.0)
    took = sorted(photo.waited + PHOTO_S for photo in photos)
    assert took[int(len(took) * 0.95) - 1] <= times * PHOTO_S
    if len(others) == 60:
        alone = Play(Queue(2, 0.0), None).run([Job(name, cost) for name in others])
        end = max(job.ended or 0.0 for job in ended if job.conversation == "one")
        assert max(job.ended or 0.0 for job in alone) >= 0.97 * (end - 60 * PHOTO_S)


@pytest.mark.parametrize("cost", [0.1, 0.3, 1.0])
@pytest.mark.parametrize(("conversations", "each"), [(3, 20), (4, 10), (20, 10), (50, 10)])
@pytest.mark.parametrize("cheap", [False, True], ids=["all of them", "beside cheap ones"])
def test_some_conversations_with_some_such_files_each_hold_nobody_up(
    conversations: int, each: int, cost: float, cheap: bool
) -> None:
    names = [f"attacker {n % conversations}" for n in range(each * conversations)]
    costs = Random(7).choices([0.003, cost] if cheap else [cost], k=len(names))
    flood = [Job(name, one, comes=n * 0.0001) for n, (name, one) in enumerate(zip(names, costs, strict=True))]
    photos = [Job(f"photo {n}", PHOTO_S, comes=0.05 + n * 0.4) for n in range(60)]
    Play(Queue(2, 0.0, aside=2, again=0.004), short=0.011).run([*flood, *photos], until=60.0)
    took = sorted(photo.waited + PHOTO_S for photo in photos)
    assert took[int(len(took) * 0.95) - 1] <= 3 * PHOTO_S


def test_who_sent_what_takes_long_makes_nobody_stand_still_until_it_has_sent_a_short_one() -> None:
    queue = Queue(2, 0.0, aside=2)
    other, long = queue.ask("other", SHORT, 0.0), queue.ask("it", SHORT, 0.0)
    for turn in (other, long):
        queue.grown(turn, LONG, 0.1, 0.1)
    short, told = queue.ask("it", SHORT, 0.2), list[str]()
    short.when_long = lambda: told.append("it waits with the long ones")
    assert queue.in_the_way(0.2, [other], lambda turn: 0.1) is None
    assert len(told) == 1
    queue.end(long, 1.0, 1.0)
    assert queue.admit(1.0) is short
    queue.end(short, 0.005, 1.1)
    queue.ask("third", SHORT, 1.1)
    queue.ask("it", SHORT, 1.2)
    assert queue.in_the_way(1.2, [other], lambda turn: 0.1) is other


def test_what_is_overtaken_gets_its_tenth() -> None:
    """Short ones that never end would else keep a long one waiting for ever."""
    shorts = [Job(f"short {n % 5}", 0.01, comes=n * 0.009) for n in range(4_400)]
    longs = [Job(f"long {n}", 1.0, rank=LONG) for n in range(3)]
    play = Play(Queue(1, 0.0))
    play.run([*shorts, *longs], until=40.0)
    assert all(job.ended for job in longs)
    assert max(job.waited for job in longs) <= 3 * (1 / OWED_SHARE + 1)


def test_one_long_one_at_a_time_is_not_put_aside() -> None:
    queue = Queue(2, 0.0, aside=2)
    one, two = queue.ask("a", LONG, 0.0), queue.ask("b", LONG, 0.0)
    waiting = [queue.ask("c", LONG, 0.0), queue.ask("d", SHORT, 0.0)]
    queue.end(one, 1.0, 1.0)
    assert queue.admit(1.0) is waiting[1]
    queue.end(waiting[1], 10.0, 1.5)  # `c` was overtaken by so much that it is due
    waiting.append(queue.ask("d", SHORT, 1.5))
    assert queue.admit(1.5) is waiting[0]
    assert waiting[0].due
    assert queue.in_the_way(1.6, [waiting[0]], lambda turn: 0.1) is None
    assert queue.in_the_way(1.6, [two, waiting[0]], lambda turn: 0.1) is two


def test_who_is_new_stands_where_the_median_stands() -> None:
    queue = Queue(1, 0.0)
    for number, cost in enumerate((1.0, 2.0, 3.0, 4.0, 5.0)):
        queue.end(queue.ask(str(number), SHORT, 0.0), cost, 0.0)
    running = queue.ask("running", SHORT, 1.0)
    asked = [queue.ask(name, SHORT, 1.0) for name in ("4", "new", "2", "0")]
    queue.end(running, 2.5, 1.0)
    order = []
    while (turn := queue.admit(2.0)) is not None:
        order.append(turn.conversation)
        queue.end(turn, 0.0, 2.0)
    assert order[0] == "0"
    assert order[-1] == "4"
    assert all(turn.stand is Stand.OVER for turn in asked)


@pytest.mark.parametrize(("conversations", "seconds"), [(100, 1.0), (10_000, 4.0)])
def test_the_median_of_many_is_told_more_seldom(conversations: int, seconds: float) -> None:
    """All of them are sorted for it."""
    costs = RecentCosts(0.0)
    for number in range(conversations):
        costs.add(str(number), 1.0, 0.0)
    assert costs.median(0.0) == 1.0
    for number in range(conversations):
        costs.add(str(number), 4.0, 0.0)
    assert costs.median(seconds - 0.1) == 1.0
    assert costs.median(seconds) == 5.0


def test_what_was_more_than_a_minute_ago_is_forgotten() -> None:
    queue = Queue(1, 0.0)
    queue.end(queue.ask("before", SHORT, 0.0), 100.0, 0.0)
    running = queue.ask("running", SHORT, 61.0)
    first, second = queue.ask("before", SHORT, 61.0), queue.ask("later", SHORT, 61.0)
    queue.end(running, 1.0, 62.0)
    assert queue.admit(75.0) is first
    queue.end(first, 1.0, 75.0)
    assert queue.admit(75.0) is second


def test_who_leaves_while_waiting_holds_nobody_up() -> None:
    queue = Queue(1, 0.0)
    running = queue.ask("a", SHORT, 0.0)
    waiting = [queue.ask("b", SHORT, 0.0) for _ in range(3)]
    queue.end(waiting[0], 0.0, 0.0)
    queue.end(waiting[2], 0.0, 0.0)
    queue.end(running, 1.0, 1.0)
    assert queue.admit(1.0) is waiting[1]
    assert queue.waiting == 0


def test_who_needs_all_the_room_gets_it_after_those_that_run() -> None:
    queue = Queue(2, 0.0)
    running = queue.ask("a", SHORT, 0.0), queue.ask("a", SHORT, 0.0)
    alone = queue.ask("b", LONG, 0.0, 2)
    queue.end(running[0], 1.0, 1.0)
    assert queue.admit(1.0) is None
    queue.end(running[1], 1.0, 1.0)
    assert queue.admit(1.0) is alone
    assert queue.free == 0


@settings(deadline=None, max_examples=examples(100))
@given(random=st.randoms(use_true_random=False), room=st.integers(1, 4))
def test_making_room_comes_to_an_end_at_once_whatever_came_before(random: Random, room: int) -> None:
    """Nothing passes meanwhile, so that no cost that grows can be what ends it."""
    queue, now = Queue(room, 0.0, aside=room, again=0.004), 0.0
    spent: dict[Turn, float] = {}
    for _ in range(100):
        now += random.random() / 10
        running = [turn for turn in spent if turn.stand is Stand.RUNS]
        for turn in running:
            spent[turn] += random.random() / 10
        if random.random() < 0.5:
            spent[queue.ask(random.choice("abc"), LONG if random.random() < 0.2 else SHORT, now)] = 0.0
        elif spent:
            turn = random.choice(running or list(spent))
            queue.end(turn, spent.pop(turn), now)
        able = [turn for turn in spent if turn.stand is Stand.RUNS and spent[turn] > 0.02]
        for turn in able:
            queue.grown(turn, LONG, spent[turn], now)
        rounds = 0
        while True:
            while queue.admit(now) is not None:
                pass
            if (way := queue.in_the_way(now, able, lambda turn: spent[turn])) is None:
                break
            rounds += 1
            assert rounds <= 2 * room
            if queue.can_put_aside:
                queue.put_aside(way, spent[way], now)
            else:
                queue.start_again(way, spent[way], now)
                able.remove(way)
