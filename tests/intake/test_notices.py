"""The notification service tells that events will be missing: a condition for a while, by the records' own time."""

from consumer.intake.notices import NOTICES, Notices
from consumer.model import Condition, Source
from tests.reports import Recorder

NOON = 1_770_000_000.0


def at(seconds: float, offset: int = 7) -> Source:
    return Source("events", 3, offset, int(seconds * 1000))


def test_a_notice_holds_for_its_time_and_names_its_record() -> None:
    clock, recorder = [NOON], Recorder()
    notices = Notices(recorder, lambda: clock[0])
    for kind, (condition, seconds) in NOTICES.items():
        clock[0] = NOON
        notices.hear(kind, at(NOON))
        assert recorder.of("begin")[-1] == (condition, "events 3, offset 7", "events")
        clock[0] = NOON + seconds - 1
        notices.end()
        assert (condition, "events") not in recorder.of("end")
        clock[0] = NOON + seconds
        notices.end()
        assert recorder.of("end")[-1] == (condition, "events")


def test_a_later_notice_holds_on_and_an_earlier_one_that_is_read_late_shortens_nothing() -> None:
    clock, recorder = [NOON], Recorder()
    notices = Notices(recorder, lambda: clock[0])
    notices.hear("socket_closing", at(NOON, 1))
    notices.hear("socket_closing", at(NOON + 100, 2))
    notices.hear("socket_closing", at(NOON + 50, 3))
    clock[0] = NOON + 350
    notices.end()
    assert [call[1] for call in recorder.of("begin")] == ["events 3, offset 1", "events 3, offset 2"]
    assert recorder.of("end") == []


def test_what_is_read_long_after_is_old_news_and_other_noise_is_none() -> None:
    recorder = Recorder()
    notices = Notices(recorder, lambda: NOON)
    notices.hear("no_longer_subscribed", at(NOON - 3_600))
    notices.hear("heartbeat", at(NOON))
    notices.end()
    assert recorder.of("begin") == []
    assert {condition for condition, _ in NOTICES.values()} == {
        Condition.NO_LONGER_SUBSCRIBED,
        Condition.SOCKET_CLOSING,
    }
