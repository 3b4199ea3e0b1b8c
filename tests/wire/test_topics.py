"""All topics that the SDKs of Genesys Cloud list (237 in release 257): which of them may cost a call."""

import orjson
import pytest

from consumer.model import Event
from consumer.settings.model import GenesysSettings
from consumer.wire.events import Noise, decode
from consumer.wire.topics import TopicSubject, subject_of, wants_lookup

CONVERSATION = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10"
BARE_EVENTS = GenesysSettings.model_fields["bare_events"].default


def topics(prefix: str, words: str) -> list[str]:
    return [f"{prefix}.{word}" if word != "-" else prefix for word in words.split()]


DETAIL = topics(
    "v2.detail.events.conversation.{id}",
    """acd.end acd.start acw attributes contact customer.end customer.start flow.end flow.outcome flow.start outbound
    user.end user.start voicemail.end voicemail.start wrapup""",
)
SNAPSHOTS = [
    *topics("v2.routing.queues.{id}.conversations", "- messages socialexpressions videos"),
    *topics("v2.users.{id}.conversations", "- messages socialexpressions videos"),
]
OTHER_MEDIA = [
    *topics("v2.routing.queues.{id}.conversations", "callbacks calls chats cobrowseSessions emails screenshares"),
    *topics("v2.users.{id}.conversations", "callbacks calls chats cobrowseSessions emails screenshares"),
]
SYSTEM = topics("v2.system", "no_longer_subscribed.{id} socket_closing token_revoked.{id} {id}.{id}")
OTHER = [
    *topics(
        "v2.analytics",
        """conversation.{id}.metrics conversations.details.jobs.availability flow.{id}.aggregates flow.{id}.metrics
        flowoutcome.{id}.aggregates queues.{id}.activity queues.{id}.observations users.details.jobs.availability
        users.{id}.aggregates wrapup.{id}.aggregates""",
    ),
    *topics(
        "v2.architect",
        """dependencytracking.build prompts.{id} prompts.{id}.resources.{id}
        systemprompts.{id}.resources.{id}""",
    ),
    *topics("v2.contentmanagement", "documents.{id} workspaces.{id}.documents"),
    *topics(
        "v2.conversations.{id}",
        """agentchecklist suggestions.intent suggestions.knowledge.article suggestions.knowledge.search
        suggestions.response suggestions.script suggestions.thirdpartyaction transcription""",
    ),
    *topics(
        "v2.detail.events", "agent.{id}.state collaboratechat.adhoc.{id}.messages collaboratechat.group.{id}.messages"
    ),
    *topics(
        "v2.externalcontacts",
        """contacts.{id} contacts.{id}.journey.segments contacts.{id}.journey.sessions contacts.{id}.notes.{id}
        contacts.{id}.unresolved organizations.{id} organizations.{id}.notes.{id} relationships.{id}""",
    ),
    *topics("v2.flows", "instances.flow.{id} outcomes.{id} {id}"),
    *topics(
        "v2.journey",
        """sessions.{id}.action.events sessions.{id}.app.events sessions.{id}.outcome.events sessions.{id}.web.events
        views.jobs.{id}.notification""",
    ),
    *topics(
        "v2.outbound",
        """attemptlimits.{id} callabletimesets.{id} campaignrules.{id} campaigns.{id} campaigns.{id}.progress
        campaigns.{id}.skillstats campaigns.{id}.stats contactlistfilters.{id} contactlists.{id}
        contactlists.{id}.importstatus dnclists.{id} dnclists.{id}.importstatus email.campaigns.contact.postContact
        email.campaigns.contact.preContact emailcampaigns.{id} emailcampaigns.{id}.progress
        importtemplates.{id}.importstatus messaging.campaigns.contact.postContact
        messaging.campaigns.contact.preContact messagingcampaigns.{id} messagingcampaigns.{id}.progress
        preview.campaigns.contact.postContact preview.campaigns.contact.preContact responsesets.{id} rulesets.{id}
        schedules.campaigns.{id} schedules.emailcampaigns.{id} schedules.messagingcampaigns.{id}
        schedules.sequences.{id} schedules.whatsappcampaigns.{id} sequences.{id} settings
        voice.campaigns.contact.postContact voice.campaigns.contact.preContact whatsapp.campaigns.contact.postContact
        whatsapp.campaigns.contact.preContact whatsappcampaigns.{id} whatsappcampaigns.{id}.progress
        wrapupcodemappings.{id}""",
    ),
    *topics(
        "v2.speechandtextanalytics",
        """conversation.{id}.empathy conversation.{id}.sentiment conversation.{id}.topics conversations.{id}.categories
        programs.general.jobs.{id} programs.publishjobs.{id} programs.topiclinks.jobs.{id} reprocessing.jobs.{id}
        topics.generatedphrases.jobs.{id} topics.publishjobs.{id} topics.testphrase.jobs.{id}""",
    ),
    *topics("v2.taskmanagement.workitems", "queues.{id} users.{id} {id}"),
    *topics(
        "v2.telephony.providers.edges",
        """phones.{id} trunks.{id} trunks.{id}.metrics {id} {id}.logicalinterfaces {id}.metrics
        {id}.softwareupdate""",
    ),
    *topics(
        "v2.users.{id}",
        """activity alerting.alerts alerting.rules analytics.reporting.exports badges.chats callforwarding
        conversations.inbound.typing.event conversations.summaries conversations.summaries.settings.preview
        conversations.{id}.recordings conversations.{id}.recordings.{id} conversationsummary
        employeeengagement.celebrations fax.documents geolocation greetings integrationpresence
        integrations.calendar.teams outbound.contactlists.{id}.export outbound.dnclists.{id}.export outofoffice
        persistentconnection presence recordings routingStatus station tokens userrecordings voicemail.messages
        wem.coaching.notification wem.learning.assignment workforcemanagement.adherence
        workforcemanagement.adherence.explanations.jobs workforcemanagement.adherence.historical.agent
        workforcemanagement.adherence.historical.bulk
        workforcemanagement.agentschedules.managementunit.search.complete workforcemanagement.alternative.shift.jobs
        workforcemanagement.historicaladherencequery workforcemanagement.integrations.hris.timeofftypes.jobs
        workforcemanagement.notifications workforcemanagement.performanceprediction.schedules.recalculations
        workforcemanagement.schedules workforcemanagement.shift.trading.jobs workforcemanagement.shrinkage.jobs
        workforcemanagement.timeoffbalance.jobs workforcemanagement.timeoffrequests""",
    ),
    *topics(
        "v2.workforcemanagement",
        """agents agents.{id}.adherence.explanations businessunits.{id}.activityplans.jobs
        businessunits.{id}.activityplans.runs.jobs businessunits.{id}.adherence.explanations
        businessunits.{id}.capacityplans.{id}.staffingrequirements businessunits.{id}.forecasts.staffingrequirement
        businessunits.{id}.main.forecast.export.forecast businessunits.{id}.main.forecast.export.historical
        businessunits.{id}.main.forecast.export.snapshot businessunits.{id}.schedules
        businessunits.{id}.scheduling.runs businessunits.{id}.shorttermforecasts
        businessunits.{id}.shorttermforecasts.copy businessunits.{id}.shorttermforecasts.generate
        businessunits.{id}.shorttermforecasts.import businessunits.{id}.workplanbids.{id}
        historicaldata.delete.jobs historicaldata.deletejob historicaldata.status managementunits.{id}
        managementunits.{id}.adherence managementunits.{id}.agents.sync managementunits.{id}.schedules
        managementunits.{id}.shifttrades.state.bulk performanceprediction.schedules.{id} teams.{id}.adherence
        users.{id}.schedules.query users.{id}.schedules.search""",
    ),
    *topics(
        "v2",
        """audits.entitytype.{id}.entityid.{id} bot.conversation.{id}.conversations.summaries
        businessunits.{id}.workforcemanagement.intraday coaching.scheduleslots.jobs.{id}
        employeeperformance.externalmetrics.definitions gamification.scorecards.users.{id} groups.{id}.greetings
        integrations.inbound.webhook.{id}.invocation managementunits.{id}.workforcemanagement.intraday
        operations.events.{id} quality.evaluations routing.queues.{id}.users subscription.updated
        video.conferences.{id} webdeployments.configurations.{id} webdeployments.deployments.{id}
        webmessaging.deployments.{id}.undelivered.messages wem.learning.assignments.modules.{id}
        workflows.{id}.conversations.inbound.typing.event""",
    ),
]
BODIES: tuple[dict[str, object], ...] = (
    {"conversationId": CONVERSATION, "messageId": "m-1"},
    {"conversationId": CONVERSATION, "messages": [{"id": "m-1", "eventTimeMs": 1}]},
    {"id": CONVERSATION},
    {"conversation": {"id": CONVERSATION}, "message": {"id": "m-1"}, "body": "lunch?"},
    {"id": CONVERSATION, "participants": [{"id": "p", "purpose": "customer", "state": "connected", "muted": False}]},
    {"conversationId": CONVERSATION, "participants": [{"participantId": "p", "purpose": "customer"}]},
    {},
)


def test_the_table_is_whole() -> None:
    every = [*DETAIL, *SNAPSHOTS, *OTHER_MEDIA, *SYSTEM, *OTHER]
    assert (len(every), len(set(every))) == (237, 237)


def costs_a_call(topic: str, body: object) -> bool:
    """As an id stands in the topic, and as the template of EventBridge's `detail-type` beside it."""
    name = topic.replace("{id}", "155200d1-5d3b-44a5-8000-0000000000bb")
    notification = {"topicName": name, "version": "2", "eventBody": body}
    source = "aws.partner/genesys.com/cloud/32aa07aa-db1b-4987-abd0-9483601ec29d/bus"
    bridged = {"detail-type": topic, "source": source, "detail": notification}
    items = [item for raw in (notification, bridged) for item in decode(orjson.dumps(raw))]
    assert all(isinstance(item, Event | Noise) for item in items), (topic, items)
    return any(isinstance(item, Event) and wants_lookup(item, BARE_EVENTS) for item in items)


@pytest.mark.parametrize("topic", [*OTHER, *OTHER_MEDIA, *SYSTEM])
def test_what_carries_no_message_of_a_customer_costs_no_call(topic: str) -> None:
    assert not any(costs_a_call(topic, body) for body in BODIES)


@pytest.mark.parametrize("topic", SNAPSHOTS)
def test_what_may_carry_one_is_read_by_its_body(topic: str) -> None:
    assert subject_of(topic) is TopicSubject.MESSAGING
    with_file = [{"messages": [{"messages": [{"messageId": "m-1", "media": [{"id": "a"}]}]}]}]
    assert costs_a_call(topic, {"id": CONVERSATION, "participants": with_file})
    assert not costs_a_call(topic, {"id": CONVERSATION, "participants": [{"calls": [{}]}]})


@pytest.mark.parametrize("topic", DETAIL)
def test_a_detail_event_costs_a_call_where_the_setting_says_so(topic: str) -> None:
    wanted = topic.endswith((".customer.end", ".user.end", ".acd.end", ".flow.end"))
    assert costs_a_call(topic, {"conversationId": CONVERSATION, "mediaType": "MESSAGE"}) is wanted
    assert not costs_a_call(topic, {"conversationId": CONVERSATION, "mediaType": "VOICE"})


@pytest.mark.parametrize("topic", [*OTHER, *OTHER_MEDIA])
def test_no_template_is_proof_against_a_file_that_the_body_shows(topic: str) -> None:
    shown = [{"messages": [{"messages": [{"messageId": "m-1", "media": [{"id": "a"}]}]}]}]
    assert costs_a_call(topic, {"id": CONVERSATION, "participants": shown})


def test_the_two_notices_that_events_will_be_missing_are_told_apart() -> None:
    subjects = {topic: subject_of(topic) for topic in SYSTEM}
    assert subjects["v2.system.no_longer_subscribed.{id}"] is TopicSubject.NO_LONGER_SUBSCRIBED
    assert subjects["v2.system.socket_closing"] is TopicSubject.SOCKET_CLOSING
    assert subject_of("v2.system.no_longer_subscribed.v2.users.x.conversations") is TopicSubject.NO_LONGER_SUBSCRIBED


def test_a_topic_that_nobody_listed_is_read_by_its_body() -> None:
    assert subject_of("v2.routing.queues.x.conversations.holograms") is None
    assert subject_of("v3.users") is None
    assert subject_of("") is None


@pytest.mark.parametrize("topic", ["attachment.uploaded", "v2.conversations", f"v2.conversations.{CONVERSATION}.files"])
def test_what_comes_under_a_topic_that_genesys_has_not_is_looked_up(topic: str) -> None:
    """Nobody can say that nothing of a customer's is behind it."""
    for body in ({"conversationId": CONVERSATION}, {"conversationId": CONVERSATION, "attachments": [{"id": "a"}]}):
        assert costs_a_call(topic, body)
