"""Genesys Cloud: the login, whose client it is, the clock, each permission by a real call, and the file host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial

import anyio

from consumer.attempts import Gates
from consumer.genesys.answers import Meaning
from consumer.genesys.api import PROBES, WHO, what_is_missing
from consumer.genesys.connect import GenesysClient, connected
from consumer.genesys.lookup import Lookup
from consumer.genesys.sender import failure_of, said_of
from consumer.http.urls import UrlRules
from consumer.model import Reason
from consumer.service.assembly import GenesysReports, client_for_files
from consumer.service.doctor.lines import CheckLine, Outcome, not_checked, tried_line
from consumer.service.file_host import ask_file_host, file_origin
from consumer.settings.load import Credentials
from consumer.settings.model import Settings
from consumer.telemetry.reporter import Reporter

SKEW_WARNS_S, SKEW_WRONG_S = 30.0, 300.0
CREDENTIALS = "check GENESYS_REGION, the way there, GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET"
LOOK_AGAIN = "mend the rows above first; without any, the API was away for a moment: try again"
COMPARE = "compare this host's with a time server's by hand"
ANOTHER = "name another with --conversation ID, of one with a file"
ROLES = "give the client's roles the permission that is named"

Work = Callable[[], Awaitable[CheckLine | str]]
Asked = tuple[str, str, Work, str]  # check, what is tried, how, what to do if it fails


async def look_at_genesys(
    settings: Settings, credentials: Credentials, conversation: str | None, reporter: Reporter, until: float
) -> list[CheckLine]:
    async with reached(settings, credentials, reporter) as genesys:
        tried = f"logging in at {genesys.hosts.login_url}"
        login = await tried_line("genesys.login", tried, partial(_login, genesys), until=until, remedy=CREDENTIALS)
        questions = _questions(settings, genesys, conversation)
        if login.outcome is Outcome.FINE:
            rest = await _all_at_once(questions, until)
        else:
            rest = [
                not_checked(check, tried, "there is no token", "mend the login first")
                for check, tried, _, _ in questions
            ]
    return [login, *rest]


async def look_at_file_host(settings: Settings, until: float) -> list[CheckLine]:
    download, origin = settings.download, file_origin(settings)
    rules = UrlRules.of(settings.genesys.region, download.allowed_hosts, download.allowed_origins)

    async def ask() -> str:
        async with client_for_files(settings, rules) as files:
            await ask_file_host(files, origin)
        return "the store answers"

    remedy = "open the way there, DOWNLOAD__PROXY if it leads through one"
    return [await tried_line("genesys.files", f"asking {origin}", ask, until=until, remedy=remedy)]


@asynccontextmanager
async def reached(settings: Settings, credentials: Credentials, reporter: Reporter) -> AsyncIterator[GenesysClient]:
    """A client for questions that somebody asks by hand: nothing waits behind its gates."""
    attempts = settings.attempts
    gates = Gates(
        failures=attempts.gate_failures,
        probe_s=attempts.probe_s,
        probe_max_s=attempts.probe_max_s,
        probes={},
        reports=reporter,
    )
    async with connected(settings, credentials, reports=GenesysReports(reporter, gates)) as genesys:
        yield genesys


async def _all_at_once(questions: list[Asked], until: float) -> list[CheckLine]:
    lines: dict[int, CheckLine] = {}

    async def ask(number: int, check: str, tried: str, work: Work, remedy: str) -> None:
        lines[number] = await tried_line(check, tried, work, until=until, remedy=remedy)

    async with anyio.create_task_group() as group:
        for number, question in enumerate(questions):
            group.start_soon(ask, number, *question)
    return [line for _, line in sorted(lines.items())]


def _questions(settings: Settings, genesys: GenesysClient, conversation: str | None) -> list[Asked]:
    own = settings.genesys.organization_id
    questions: list[Asked] = [
        ("genesys.organization", "asking whose client it is", partial(_organization, genesys, own), CREDENTIALS),
        ("genesys.clock", "comparing clocks", partial(_clock, genesys), LOOK_AGAIN),
    ]
    for call in PROBES:
        work: Work = partial(_permission, genesys, call)
        questions.append(("genesys.permission", f"the call {call}, for what can't exist", work, ROLES))
    if settings.notify.channel == "message":
        work = partial(_sending, genesys)
        questions.append(("genesys.permission", "the call notify, without a message", work, ROLES))
    work = partial(_conversation, genesys, conversation)
    return [*questions, ("genesys.conversation", "reading a conversation and its first file's link", work, LOOK_AGAIN)]


async def _login(genesys: GenesysClient) -> str:
    await genesys.login.token()
    return "a token was given"


async def _organization(genesys: GenesysClient, expected: str | None) -> CheckLine | str:
    found = await genesys.api.organization()
    if expected is not None and found != expected:
        return CheckLine(
            "genesys.organization",
            Outcome.WRONG,
            "asking whose client it is",
            f"organisation {found[:64]}, and GENESYS__ORGANIZATION_ID is {expected}",
            "correct the client, or the setting",
        )
    return f"organisation {found[:64]}"


async def _clock(genesys: GenesysClient) -> CheckLine | str:
    tried = "comparing this host's clock with the API's"
    judged = await genesys.api.probed(WHO.name)
    told = judged.answer.headers.get("date", "")
    try:
        skew = (datetime.now(UTC) - parsedate_to_datetime(told)).total_seconds()
    except (TypeError, ValueError):
        return not_checked("genesys.clock", tried, "the API's answer does not tell the time", COMPARE)
    if abs(skew) < SKEW_WARNS_S:
        return "they agree"
    outcome = Outcome.WRONG if abs(skew) >= SKEW_WRONG_S else Outcome.WARNING
    way = "ahead of" if skew > 0 else "behind"
    return CheckLine(
        "genesys.clock", outcome, tried, f"this host is {abs(skew):.0f} s {way} it", "synchronise this host"
    )


async def _permission(genesys: GenesysClient, call: str) -> CheckLine | str:
    judged = await genesys.api.probed(call)
    if judged.meaning is Meaning.ANSWERED:
        return f"allowed ({judged.status} {judged.code})".replace(" )", ")")
    tried = f"the call {call}, for what can't exist"
    if judged.meaning is not Meaning.REFUSED:
        raise failure_of(PROBES[call], judged)
    if judged.status == 403:
        return CheckLine("genesys.permission", Outcome.WRONG, tried, what_is_missing(judged), ROLES)
    return not_checked("genesys.permission", tried, said_of(PROBES[call], judged), "--conversation ID tells it")


async def _sending(genesys: GenesysClient) -> str:
    await genesys.api.check_sending()
    return "allowed"


async def _conversation(genesys: GenesysClient, conversation: str | None) -> CheckLine | str:
    check, tried = "genesys.conversation", "reading a conversation and its first file's link"
    if conversation is None:
        return not_checked(check, tried, "none was named", "--conversation ID, of one with a file")
    lookup = Lookup(genesys.api, genesys.hosts.link_origins)
    messages = await lookup.find_listed(conversation, lambda message: True)
    files = [attachment for message in messages for attachment in message.attachments]
    if not files:
        return not_checked(check, tried, "it can be read, and has no file", ANOTHER)
    where = await lookup.locate(files[0])
    if isinstance(where, Reason):
        return not_checked(check, tried, f"it can be read, and its first file is {where}", ANOTHER)
    return f"read, files: {len(files)}; the link of the first is resolved"
