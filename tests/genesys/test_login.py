"""One login at a time, with the credentials of now; its failures by remedy."""

from collections.abc import AsyncIterator

import anyio
import pytest
from aiohttp import web

from consumer.errors import Refused, Unavailable
from consumer.genesys.login import ASKED, Login
from consumer.model import Dependency
from tests.genesys.cloud import Asked, Cloud, client_of, json, serving
from tests.genesys.payloads import payload
from tests.reports import Recorder


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def login(cloud: Cloud, clock: Clock) -> AsyncIterator[Login]:
    async with client_of(cloud.url) as http:
        yield Login(http, lambda: ("client", cloud.secret), now=clock, reports=Recorder())


async def test_it_logs_in_with_basic_on_the_login_host(cloud: Cloud, login: Login) -> None:
    assert await login.token() == "token-1"
    (asked,) = cloud.logins
    assert (asked.method, asked.path, asked.body) == ("POST", "/oauth/token", b"grant_type=client_credentials")
    assert asked.headers["authorization"] == "Basic Y2xpZW50OnMzY3JldA=="
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"


async def test_a_token_is_kept_until_shortly_before_it_expires(cloud: Cloud, login: Login, clock: Clock) -> None:
    await login.token()
    clock.now += 86_400 - 301
    assert await login.token() == "token-1"
    clock.now += 2
    assert await login.token() == "token-2"


async def test_a_short_lived_token_is_kept_for_nine_tenths_of_its_life(
    cloud: Cloud, login: Login, clock: Clock
) -> None:
    cloud.lifetime_s = 300
    await login.token()
    clock.now += 269
    assert await login.token() == "token-1"
    clock.now += 2
    assert await login.token() == "token-2"


async def test_however_many_ask_one_logs_in(cloud: Cloud, login: Login) -> None:
    tokens: list[str] = []

    async def ask() -> None:
        tokens.append(await login.token())

    async with anyio.create_task_group() as tg:
        for _ in range(20):
            tg.start_soon(ask)
    assert tokens == ["token-1"] * 20
    assert len(cloud.logins) == 1


async def test_a_refused_token_is_renewed_once_for_all(cloud: Cloud, login: Login) -> None:
    refused = await login.token()
    tokens: list[str] = []

    async def renew() -> None:
        tokens.append(await login.renewed(refused))

    async with anyio.create_task_group() as tg:
        for _ in range(20):
            tg.start_soon(renew)
    assert tokens == ["token-2"] * 20
    assert await login.renewed(refused) == "token-2", "who comes late gets the new one"
    assert len(cloud.logins) == 2


async def test_the_credentials_are_read_at_each_login(cloud: Cloud, login: Login) -> None:
    refused = await login.token()
    cloud.secret = "rotated"
    assert await login.renewed(refused) == "token-2"


async def test_those_who_wait_share_a_failed_login(cloud: Cloud, login: Login) -> None:
    cloud.on_login = lambda asked: json({}, 503)
    failures: list[str] = []

    async def ask() -> None:
        try:
            await login.token()
        except Unavailable as failure:
            failures.append(failure.detail)

    async with anyio.create_task_group() as tg:
        for _ in range(20):
            tg.start_soon(ask)
    assert len(failures) == 20
    assert len(cloud.logins) <= 2
    cloud.on_login = None
    assert (await login.token()).startswith("token-")


async def test_a_refused_token_is_not_given_again_while_the_login_host_is_away(cloud: Cloud, login: Login) -> None:
    """The probe of the login asks for a token: one that is known to be worthless would call an outage over."""
    refused = await login.token()
    cloud.on_login = lambda asked: json({}, 503)
    with pytest.raises(Unavailable):
        await login.renewed(refused)
    with pytest.raises(Unavailable):
        await login.token()


async def test_a_cancelled_login_leaves_the_turn_to_the_next(cloud: Cloud, login: Login) -> None:
    began, tokens = anyio.Event(), []

    async def first_hangs(asked: Asked) -> web.StreamResponse:
        if len(cloud.logins) == 1:
            began.set()
            await anyio.sleep_forever()
        return cloud._log_in(asked)

    async def ask() -> None:
        tokens.append(await login.token())

    cloud.on_login = first_hangs
    async with anyio.create_task_group() as tg:
        with anyio.CancelScope() as leaving:
            async with anyio.create_task_group() as leaders:
                leaders.start_soon(login.token)
                await began.wait()
                tg.start_soon(ask)
                leaving.cancel()
    assert tokens == ["token-2"]


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize("name", ["login-client-not-found", "login-authentication-failed"])
async def test_wrong_credentials_are_refused_with_what_to_check(
    cloud: Cloud, login: Login, status: int, name: str
) -> None:
    cloud.on_login = lambda asked: json(payload(name), status)
    with pytest.raises(Refused, match=f"{status} invalid_client.*GENESYS_CLIENT_SECRET.*GENESYS_REGION") as raised:
        await login.token()
    assert raised.value.dependency is Dependency.LOGIN
    assert cloud.secret not in raised.value.detail


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 418, 429, 500, 503])
@pytest.mark.parametrize("body", [b"<html>portal", b"", b'{"message": "Forbidden"}', b'{"error": "blocked"}'])
async def test_whoever_else_answers_in_its_place_refuses_no_credentials(
    cloud: Cloud, login: Login, status: int, body: bytes
) -> None:
    cloud.on_login = lambda asked: web.Response(body=body, status=status)
    with pytest.raises(Unavailable, match=r"not Genesys Cloud.*GENESYS_REGION") as raised:
        await login.token()
    assert raised.value.asked == ASKED


@pytest.mark.parametrize(("status", "name"), [(400, "rate limit exceeded; please retry later"), (429, "slow down")])
async def test_a_limit_on_logins_is_not_the_credentials_fault_and_is_not_asked_again_before_its_end(
    cloud: Cloud, login: Login, clock: Clock, status: int, name: str
) -> None:
    body = {"error": "invalid_request", "description": name, "error_description": name}
    cloud.on_login = lambda asked: json(body, status, retry_after="90")
    for _ in range(5):
        with pytest.raises(Unavailable, match="asks for 90 s") as raised:
            await login.token()
        assert "GENESYS_CLIENT_ID" not in raised.value.detail
    assert len(cloud.logins) == 1
    cloud.on_login = None
    clock.now += 91
    assert (await login.token()).startswith("token-")


@pytest.mark.parametrize(
    "told", [{}, {"expires_in": None}, {"expires_in": "86399"}, {"expires_in": -1}, {"expires_in": True}]
)
async def test_a_token_whose_life_nobody_tells_is_taken_for_an_hour(
    cloud: Cloud, login: Login, clock: Clock, told: dict[str, object]
) -> None:
    cloud.on_login = lambda asked: json({"access_token": f"t-{len(cloud.logins)}"} | told)
    assert await login.token() == "t-1"
    clock.now += 3_200
    assert await login.token() == "t-1"
    clock.now += 200
    assert await login.token() == "t-2"


@pytest.mark.parametrize("told", [0.001, 1])
async def test_a_token_that_is_over_at_once_costs_no_login_for_each_call(
    cloud: Cloud, login: Login, clock: Clock, told: float
) -> None:
    cloud.lifetime_s = told
    for _ in range(50):
        assert await login.token() == "token-1"
        clock.now += 1
    clock.now += 10
    assert await login.token() == "token-2"


@pytest.mark.parametrize(
    "answer",
    [
        lambda asked: json({}, 500),
        lambda asked: json({}, 429, retry_after="7"),
        lambda asked: json({"token_type": "bearer"}),
        lambda asked: json({"access_token": "a b", "expires_in": 10}),
        lambda asked: json({"access_token": "x\r\ny", "expires_in": 10}),
        lambda asked: json({"access_token": 5, "expires_in": 10}),
        lambda asked: json([]),
        lambda asked: web.Response(text="<html>", content_type="text/html"),
        lambda asked: web.Response(body=b"x" * 100_000),
    ],
)
async def test_an_answer_without_a_token_is_no_answer(cloud: Cloud, login: Login, answer: object) -> None:
    cloud.on_login = answer  # type: ignore[assignment]  # lambdas of the table
    with pytest.raises(Unavailable) as raised:
        await login.token()
    assert raised.value.dependency is Dependency.LOGIN


async def test_too_many_logins_say_when_to_come_again(cloud: Cloud, login: Login) -> None:
    cloud.on_login = lambda asked: json({}, 429, retry_after="7")
    with pytest.raises(Unavailable) as raised:
        await login.token()
    assert raised.value.retry_after_s == 7


@pytest.mark.parametrize("status", [400, 401, 403, 429])
@pytest.mark.parametrize(
    "said",
    [
        {"error": "invalid_request", "error_description": "Rate limit exceeded; please retry later"},
        {"error": "invalid_request", "description": "client_rate_limit_exceeded"},
        {"error": "rate_limit_exceeded", "error_description": "slow down"},
        {"error": "rate_limit", "description": "slow down"},
        {"error": "too_many_requests", "error_description": "Try again in a minute."},
        {"error": "access_denied", "description": "Too many requests"},
        {"code": "rate.limit.exceeded", "message": "No."},
        {"code": "RATE_LIMIT", "message": "No."},
    ],
)
async def test_a_limit_is_one_however_the_login_words_it(
    cloud: Cloud, login: Login, status: int, said: dict[str, object]
) -> None:
    cloud.on_login = lambda asked: json(said, status)
    with pytest.raises(Unavailable, match="too many logins"):
        await login.token()


@pytest.mark.parametrize("error", ["invalid_client", "access_denied"])
async def test_what_the_login_refuses_for_another_reason_is_no_limit(cloud: Cloud, login: Login, error: str) -> None:
    cloud.on_login = lambda asked: json({"error": error, "error_description": "authentication failed"}, 401)
    with pytest.raises(Refused):
        await login.token()


async def test_nobody_at_the_login_host_is_unavailable() -> None:
    async with serving(Cloud()) as gone:
        url = gone.url
    async with client_of(url) as http:
        with pytest.raises(Unavailable, match="login host cannot be reached"):
            await Login(http, lambda: ("client", "secret"), reports=Recorder()).token()


async def test_a_login_that_fails_early_leaves_the_old_token_in_use(cloud: Cloud, login: Login, clock: Clock) -> None:
    await login.token()
    cloud.on_login = lambda asked: json({}, 503)
    clock.now += 86_400 - 10
    assert await login.token() == "token-1"
    clock.now += 11
    with pytest.raises(Unavailable):
        await login.token()
