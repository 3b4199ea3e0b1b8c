"""`reconcile`: which messages with files have no answer, and their conversations once more into the events topic."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio

from consumer.cli.outcome import Exit, data, data_json, ended, show, unwrapped
from consumer.cli.typed import moment
from consumer.service.reconcile.by_hand import reconciled
from consumer.service.reconcile.conversations import Span
from consumer.service.reconcile.reconcile import Reconciled, UnansweredMessage
from consumer.settings.load import fixed_credentials, load_part
from consumer.settings.model import Settings
from consumer.telemetry.log import setup
from consumer.text import printable


def print_missing(
    config: Path | None, since: str, until: str, look_back: str, *, feed_at: float | None, as_json: bool
) -> None:
    """Ends with 1 where something has no answer and was not fed, or could not be read. `feed_at`: conversations a
    second."""
    settings = load_part("kafka", "topics", "genesys", "download", "attempts", "signatures", "log", toml=config)
    span = _span(since, until, look_back, settings)
    setup(settings.log)
    found, fed = anyio.run(_reconciled, settings, span, feed_at)
    if as_json:
        _print_json(found, fed)
    else:
        _print(found, fed)
    if found.unreadable or (found.missing and feed_at is None):
        raise ended(Exit.NEGATIVE)


def _span(since: str, until: str, look_back: str, settings: Settings) -> Span:
    """Ends with 2 for a time that means nothing here."""
    now = datetime.now(UTC)
    try:
        span = Span(moment(since, now), moment(until, now), now - moment(look_back, now))
    except ValueError as wrong:
        raise ended(Exit.USAGE, str(wrong)) from None
    horizon = timedelta(days=settings.topics.horizon_days)
    if not span.since < span.until <= now or span.look_back < timedelta():
        raise ended(Exit.USAGE, "--since has to lie before --until, and both before now")
    if now - span.first_day > horizon:
        detail = f"{settings.topics.horizon_days} days, the horizon: what is older is not judged any more"
        raise ended(Exit.USAGE, f"--since and --look-back together reach back further than {detail}")
    return span


async def _reconciled(settings: Settings, span: Span, feed_at: float | None) -> tuple[Reconciled, list[str]]:
    with unwrapped():
        return await reconciled(settings, fixed_credentials(settings), span, feed_at)
    raise AssertionError("it returns, or raises")


def _print(found: Reconciled, fed: list[str]) -> None:
    if found.missing:
        show(("sent", "conversation", "message", "files", "dead letter"), _rows(found.missing), ids=True)
    for conversation, why in found.unreadable.items():
        print(f"not read: {printable(conversation, 256)}: {why}", file=sys.stderr)  # noqa: T201 # what a command says
    looked = f"{found.messages} messages with files in {found.conversations} conversations"
    if found.unreadable:
        looked += f" that could be read ({len(found.unreadable)} could not)"
    if not found.missing:
        data(f"nothing is missing: {looked}, all of them answered")
        return
    data(f"{len(found.missing)} of {looked} have no answer")
    if fed:
        data(f"{len(fed)} conversations were written to the events topic: the service looks them up")
    else:
        print("--feed writes their conversations to the events topic", file=sys.stderr)  # noqa: T201 # as above


def _print_json(found: Reconciled, fed: list[str]) -> None:
    for one in found.missing:
        data_json({"kind": "missing"} | _told(one) | {"fed": one.message.conversation_id in fed}, only_ascii=True)
    for conversation, why in found.unreadable.items():
        data_json({"kind": "unreadable", "conversationId": conversation, "detail": why}, only_ascii=True)
    counts = {"conversations": found.conversations, "messages": found.messages, "missing": len(found.missing)}
    data_json({"kind": "summary"} | counts | {"unreadable": len(found.unreadable), "fed": len(fed)})


def _told(one: UnansweredMessage) -> dict[str, Any]:
    message, letter = one.message, one.given_up
    return {
        "conversationId": message.conversation_id,
        "messageId": message.message_id,
        "time": message.time.isoformat() if message.time else None,
        "attachments": [{"id": a.attachment_id, "name": a.name} for a in one.attachments],
        "deadLetter": {"id": letter.identity.hex(), "generation": letter.generation} if letter else None,
    }


def _rows(missing: Iterable[UnansweredMessage]) -> Iterator[Sequence[str]]:
    for one in missing:
        message = one.message
        files = ", ".join(printable(a.name or a.attachment_id or "?", 100) for a in one.attachments)
        sent = message.time.isoformat(timespec="seconds") if message.time else "?"
        ids = (printable(message.conversation_id, 256), printable(message.message_id, 256))
        letter = f"not_found {one.given_up.identity.hex()}" if one.given_up else ""
        yield sent, *ids, files, letter
