"""The whole of it, put together from the settings, for whoever asks by hand."""

from __future__ import annotations

from contextlib import aclosing

import anyio
from prometheus_client import CollectorRegistry

from consumer.genesys.lookup import Lookup
from consumer.kafka.signing import signatures_of
from consumer.service.conditions import Conditions
from consumer.service.doctor.genesys import reached
from consumer.service.reconcile.answers import LedgerAnswers
from consumer.service.reconcile.conversations import Span
from consumer.service.reconcile.feed import feed
from consumer.service.reconcile.reconcile import Reconciled, reconcile
from consumer.settings.load import Credentials
from consumer.settings.model import Settings
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import Reporter


async def reconciled(
    settings: Settings, credentials: Credentials, span: Span, feed_at: float | None
) -> tuple[Reconciled, list[str]]:
    """What has no answer, and the conversations that were fed for it, `feed_at` a second if at all.

    Raises `Refused` for what the client or the login at the brokers may not do, `Unavailable` for what is away.
    """
    metrics = Metrics(CollectorRegistry())
    reporter = Reporter(metrics, Conditions(metrics, settings.attempts.bug_ceiling))
    known, fed = LedgerAnswers(settings.kafka, settings.topics, signatures_of(settings.signatures)), list[str]()
    await known.begin_at(span.first_day)
    async with reached(settings, credentials, reporter) as genesys:
        lookup = Lookup(genesys.api, genesys.hosts.link_origins)
        found = await reconcile(genesys.api.conversations, lookup, known, span, anyio.sleep)
    if feed_at is not None:
        named = dict.fromkeys(one.message.conversation_id for one in found.missing)
        async with aclosing(feed(settings.kafka, settings.topics, named, rate=feed_at)) as feeds:
            fed += [conversation async for conversation in feeds]
    return found, fed
