"""Settings: which source wins, and that everything wrong is said at once, by name, without a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from consumer.settings.load import (
    CONFIG_FILE,
    SECRETS_DIR,
    SettingsProblem,
    credentials,
    load,
    load_part,
    load_with_origins,
    variables,
)
from consumer.settings.model import Settings
from consumer.settings.scanners import FORMS

ENOUGH = {"KAFKA_BOOTSTRAP_SERVERS": "k:9092", "GENESYS_CLIENT_ID": "id", "GENESYS_CLIENT_SECRET": "hush-hush"}
NO_DOTENV = Path("/nonexistent/.env")
EXAMPLE = Path(__file__).parents[2] / "deploy" / "env.example"


def problems(env: dict[str, str], toml: Path | None = None) -> list[str]:
    with pytest.raises(SettingsProblem) as wrong:
        load(toml, env, NO_DOTENV)
    return wrong.value.problems


def test_four_names_that_people_know_are_all_that_is_needed() -> None:
    settings = load(None, {**ENOUGH, "GENESYS_REGION": "mypurecloud.ie"}, NO_DOTENV)
    assert settings.kafka.bootstrap_servers == "k:9092"
    assert settings.genesys.client_secret.get_secret_value() == "hush-hush"
    assert settings.genesys.region == "mypurecloud.ie"


def test_the_first_of_environment_dotenv_toml_and_secrets_wins(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (tmp_path / ".env").write_text("KAFKA__GROUP=dotenv\nLIMITS__TASKS=2\n")
    (tmp_path / "c.toml").write_text('[kafka]\ngroup = "toml"\n[limits]\ntasks = 3\nwindow = 3\n')
    for name, text in {"KAFKA__GROUP": "x", "LIMITS__TASKS": "4", "LIMITS__WINDOW": "4", "web__port": "4\n"}.items():
        (secrets / name).write_text(text)
    env = {**ENOUGH, "KAFKA__GROUP": "environment", SECRETS_DIR: str(secrets), CONFIG_FILE: str(tmp_path / "c.toml")}
    loaded = load_with_origins(None, env, tmp_path / ".env")
    settings = loaded.settings
    assert (settings.kafka.group, settings.limits.tasks) == ("environment", 2)
    assert (settings.limits.window, settings.web.port) == (3, 4)
    origins = {shown.name: shown.origin for shown in loaded.shown()}
    assert origins["KAFKA__GROUP"] == "environment"
    assert origins["LIMITS__TASKS"] == str(tmp_path / ".env")
    assert origins["LIMITS__WINDOW"] == str(tmp_path / "c.toml")
    assert origins["WEB__PORT"] == str(secrets)
    assert origins["LOG__LEVEL"] == "default"


def test_every_problem_is_named_at_once() -> None:
    found = problems(
        {
            "KAFKA__TICK_MS": "soon",
            "KAFKA__GROP": "x",
            "WEB__PORT": "70000",
            "LOG__LEVEL": "loud",
            "DOWNLOAD__ALLOWED_ORIGINS": "http://127.0.0.1",
            "STORAGE__URL": "ftp://x",
            "ANTIVIRUS__ADDRESS": "localhost",
            "KAFKA__CA_FILE": "/nonexistent/ca.pem",
            "GENESYS_REGON": "x",
        }
    )
    text = "\n".join(found)
    for name in (
        "KAFKA_BOOTSTRAP_SERVERS is not set",
        "GENESYS_CLIENT_ID is not set",
        "GENESYS_CLIENT_SECRET is not set",
        "KAFKA__TICK_MS: ",
        "KAFKA__GROP is no setting; did you mean KAFKA__GROUP?",
        "WEB__PORT: ",
        "LOG__LEVEL: ",
        "DOWNLOAD__ALLOWED_ORIGINS[0]: 'http://127.0.0.1' is not scheme://address:port",
        "STORAGE__URL: ",
        f"ANTIVIRUS__ADDRESS: must be one of {FORMS}",
        "KAFKA__CA_FILE: /nonexistent/ca.pem: No such file or directory",
        "GENESYS_REGON is no setting; did you mean GENESYS_REGION?",
    ):
        assert name in text
    assert len(found) == 12


def test_what_settings_say_about_each_other_names_both() -> None:
    tasks = {"TOPICS__TASKS_RETENTION_DAYS": "40"}
    assert "must not exceed TOPICS__HORIZON_DAYS" in problems({**ENOUGH, **tasks})[0]
    assert problems({**ENOUGH, "KAFKA__SECURITY_PROTOCOL": "SASL_SSL"}) == [
        "KAFKA__SASL_USERNAME is not set, and SASL_SSL needs it",
        "KAFKA__SASL_PASSWORD is not set, and SASL_SSL needs it",
    ]
    probes = {"ATTEMPTS__PROBE_S": "100", "ATTEMPTS__PROBE_MAX_S": "1"}
    assert problems({**ENOUGH, **probes}) == ["ATTEMPTS__PROBE_S must not exceed ATTEMPTS__PROBE_MAX_S"]


def test_what_settings_say_about_each_other_is_told_beside_what_is_wrong_by_itself() -> None:
    heartbeat = {"KAFKA__HEARTBEAT_MS": "9000", "KAFKA__TICK_MS": "soon"}
    assert [problem.split()[0] for problem in problems({**ENOUGH, **heartbeat, "WEB__PORT": "x"})] == [
        "KAFKA__TICK_MS:",
        "WEB__PORT:",
        "KAFKA__HEARTBEAT_MS",
    ]


def test_no_default_takes_the_place_of_a_wrong_setting_when_others_are_compared_with_it() -> None:
    wrong = {"KAFKA__HEARTBEAT_MS": "9000", "KAFKA__SESSION_TIMEOUT_MS": "long", "TOPICS__HORIZON_DAYS": "-1"}
    found = problems({**ENOUGH, **wrong, "TOPICS__TASKS_RETENTION_DAYS": "40"})
    assert [problem.split(":")[0] for problem in found] == ["KAFKA__SESSION_TIMEOUT_MS", "TOPICS__HORIZON_DAYS"]


@pytest.mark.parametrize("written", ["mypurecloud.de", "MyPureCloud.DE", "usw2.pure.cloud"])
def test_a_region_of_genesys_is_taken_however_it_is_written(written: str) -> None:
    assert load(None, {**ENOUGH, "GENESYS_REGION": written}, NO_DOTENV).genesys.region == written.lower()


@pytest.mark.parametrize(
    ("region", "meant"),
    [
        ("mypurecloud.con", "did you mean mypurecloud.com or "),
        ("login.mypurecloud.de", "mypurecloud.de"),
        ("euw2.pure.cluod", "euw2.pure.cloud"),
        ("example.org", "use2.us-gov-pure.cloud or usw2.pure.cloud?"),
    ],
)
def test_a_region_that_genesys_does_not_have_is_refused_with_those_that_may_be_meant(region: str, meant: str) -> None:
    (problem,) = problems({**ENOUGH, "GENESYS_REGION": region})
    assert problem.startswith(f"GENESYS_REGION: '{region}' is no region of Genesys Cloud; did you mean ")
    assert meant in problem


def test_a_region_of_ones_own_needs_both_base_urls() -> None:
    own = {**ENOUGH, "GENESYS_REGION": "genesys.example"}
    login, api = {"GENESYS__LOGIN_URL": "https://login.example"}, {"GENESYS__API_URL": "https://api.example/gateway"}
    assert load(None, {**own, **login, **api}, NO_DOTENV).genesys.region == "genesys.example"
    for one in (login, api):
        assert problems({**own, **one})[0].startswith("GENESYS_REGION: ")
    wrong = problems({**own, "GENESYS__LOGIN_URL": "login", **api})
    assert [problem.split(":")[0] for problem in wrong] == ["GENESYS__LOGIN_URL"], "it is set, if not well"


@pytest.mark.parametrize("name", ["accepted", "rejected", "dead-letter", "tasks", "ledger"])
def test_the_events_come_from_no_topic_that_the_service_writes(name: str) -> None:
    (problem,) = problems({**ENOUGH, "TOPICS__PREFIX": "mine", "TOPICS__EVENTS": f"mine.{name}"})
    assert problem.startswith(f"TOPICS__EVENTS is mine.{name}, which this service writes itself")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOPICS__EVENTS", "a b"),
        ("TOPICS__EVENTS", ".."),
        ("TOPICS__EVENTS", "e" * 250),
        ("TOPICS__PREFIX", "bad/name!"),
        ("TOPICS__PREFIX", "p" * 238),
        ("KAFKA_BOOTSTRAP_SERVERS", "k:65536"),
        ("KAFKA_BOOTSTRAP_SERVERS", "k:9092,l:0"),
        ("ANTIVIRUS__ADDRESS", "tcp://clamd:99999"),
        ("ATTEMPTS__OVER_S", "inf"),
        ("DOWNLOAD__DEADLINE_S", "nan"),
        ("KAFKA__DRAIN_S", "nan"),
        ("GENESYS_CLIENT_ID", "  "),
        ("GENESYS_CLIENT_SECRET", "  "),
        ("KAFKA__SASL_PASSWORD", "\t"),
        ("KAFKA__GROUP", " "),
        ("GENESYS__LOGIN_URL", "https://login.example/?a=b"),
        ("GENESYS__API_URL", "https://api.example/#a"),
        ("GENESYS__API_URL", "https://user:password@api.example"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_name(name: str, value: str) -> None:
    (problem,) = problems({**ENOUGH, name: value})
    assert problem.startswith(f"{name}: ")


def test_the_longest_names_of_topics_are_fine() -> None:
    topics = load(None, {**ENOUGH, "TOPICS__EVENTS": "e" * 249, "TOPICS__PREFIX": "p" * 237}, NO_DOTENV).topics
    assert max(len(name) for name in topics.ours) == 249


@pytest.mark.parametrize("name", ["KAFKA__CA_FILE", "GENESYS__CA_FILE"])
def test_a_file_of_authorities_holds_certificates(tmp_path: Path, name: str) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    assert problems({**ENOUGH, name: str(tmp_path / "ca.pem")}) == [
        f"{name}: {tmp_path / 'ca.pem'} is not a PEM file of certificates"
    ]


def test_what_only_a_part_needs_is_all_that_has_to_be_right() -> None:
    env = {"KAFKA_BOOTSTRAP_SERVERS": "k:9092", "WEB__PORT": "x", "GENESYS_REGION": "MyPureCloud.DE"}
    part = load_part("kafka", "genesys.region", env=env, dotenv=NO_DOTENV)
    assert (part.kafka.bootstrap_servers, part.genesys.region) == ("k:9092", "mypurecloud.de")
    for absent in ("client_id", "calls_per_minute"):
        with pytest.raises(AttributeError):
            getattr(part.genesys, absent)


def test_a_part_that_is_wrong_is_named_and_nothing_else() -> None:
    env = {"WEB__PORT": "x", "TOPICS__EVENTS": "genesys.attachments.tasks", "KAFKA__TICK_MS": "0"}
    with pytest.raises(SettingsProblem) as wrong:
        load_part("kafka", "topics", env=env, dotenv=NO_DOTENV)
    assert [problem.split(":")[0].split()[0] for problem in wrong.value.problems] == [
        "KAFKA_BOOTSTRAP_SERVERS",
        "KAFKA__TICK_MS",
        "TOPICS__EVENTS",
    ]


@pytest.mark.parametrize("server", ["broker", "http://k:9092", "k:9092,", "k:port", "k:9092 l:9092"])
def test_brokers_are_host_and_port(server: str) -> None:
    assert problems({**ENOUGH, "KAFKA_BOOTSTRAP_SERVERS": server})[0].startswith("KAFKA_BOOTSTRAP_SERVERS: ")


@pytest.mark.parametrize("servers", ["k:1", "k-1.example:9092, k-2.example:9092", "[::1]:9092"])
def test_several_brokers_and_addresses_are_fine(servers: str) -> None:
    assert load(None, {**ENOUGH, "KAFKA_BOOTSTRAP_SERVERS": servers}, NO_DOTENV).kafka.bootstrap_servers == servers


@pytest.mark.parametrize("text", ["a.example,b.example", '["a.example", "b.example"]', " a.example , b.example "])
def test_a_list_may_be_written_with_commas_or_as_json(text: str) -> None:
    settings = load(None, {**ENOUGH, "DOWNLOAD__ALLOWED_HOSTS": text}, NO_DOTENV)
    assert settings.download.allowed_hosts == ("a.example", "b.example")


def test_storage_options_are_json_or_one_variable_each() -> None:
    as_json = load(None, {**ENOUGH, "STORAGE__OPTIONS": '{"aws_region": "eu"}'}, NO_DOTENV)
    one_each = load(None, {**ENOUGH, "STORAGE__OPTIONS__aws_region": "eu"}, NO_DOTENV)
    assert as_json.storage.options == one_each.storage.options == {"aws_region": "eu"}


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load(None, {**ENOUGH, "KAFKA__GROUP": ""}, NO_DOTENV).kafka.group == "attachment-consumer"


def test_what_others_put_into_the_environment_is_nobodys_problem() -> None:
    theirs = {"LOG": "1", "STORAGE": "/mnt", "KAFKA_PORT": "tcp://10.0.0.1:9092", "KAFKA_SERVICE_HOST": "10.0.0.1"}
    theirs |= {
        "AIRFLOW__CORE__PARALLELISM": "1",
        "Logging__LogLevel__Default": "x",
        "LOGLEVEL": "info",
        "KAFKAESQUE": "x",
    }
    assert load_with_origins(None, {**ENOUGH, **theirs}, NO_DOTENV).unknown == ()


def test_a_name_that_was_probably_meant_for_us_is_reported() -> None:
    loaded = load_with_origins(None, {**ENOUGH, "KAFKA_GROUP": "x", "GENESYS_ENVIRONMENT": "y"}, NO_DOTENV)
    assert loaded.unknown == (
        "GENESYS_ENVIRONMENT is no setting",
        "KAFKA_GROUP is no setting; did you mean KAFKA__GROUP?",
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("KAFAK__GROUP", "KAFAK__GROUP is no setting; did you mean KAFKA__GROUP?"),
        ("KAFAK_BOOTSTRAP_SERVERS", "KAFAK_BOOTSTRAP_SERVERS is no setting; did you mean KAFKA_BOOTSTRAP_SERVERS?"),
        ("DOWNLOADS__PROXY", "DOWNLOADS__PROXY is no setting; did you mean DOWNLOAD__PROXY?"),
        ("KAFAK__NONSENSE", "KAFAK__NONSENSE is no setting"),
    ],
)
def test_a_misspelt_group_is_reported(name: str, told: str) -> None:
    assert load_with_origins(None, {**ENOUGH, name: "x"}, NO_DOTENV).unknown == (told,)


def test_a_misspelt_name_is_reported_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KAFKA_GROUP=x\n")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "GENESYS_CLIENT_SECRT").write_text("x")
    loaded = load_with_origins(None, {**ENOUGH, SECRETS_DIR: str(secrets)}, tmp_path / ".env")
    assert loaded.unknown == (
        "GENESYS_CLIENT_SECRT is no setting; did you mean GENESYS_CLIENT_SECRET?",
        "KAFKA_GROUP is no setting; did you mean KAFKA__GROUP?",
    )


@pytest.mark.parametrize("text", ["= broken", "[kafka]\ntypo = 1\n[nothing]\nx = 1"])
def test_a_wrong_toml_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    found = "\n".join(problems(dict(ENOUGH), file))
    assert str(file) in found or ("KAFKA__TYPO is no setting" in found and "NOTHING is no setting" in found)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[kafka]\ngroup = s3cret\n", "not TOML: Invalid value (at line 2, column 9)"),
        (b"[kafka]\ngroup = '\xff'", "is not UTF-8"),
        (b"a = " + b"[" * 50_000, "not TOML: nested too deeply, or a number of too many digits"),
        (b"a = " + b"9" * 50_000, "not TOML: nested too deeply, or a number of too many digits"),
    ],
)
def test_a_file_that_is_no_toml_is_told_by_its_place_and_without_its_words(
    tmp_path: Path, content: bytes, told: str
) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(content)
    (problem,) = problems(dict(ENOUGH), file)
    assert problem.removeprefix(str(file)).lstrip(": ") == told


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    found = problems({**ENOUGH, CONFIG_FILE: "/nonexistent.toml", SECRETS_DIR: "/nonexistent"})
    assert found == [
        "/nonexistent.toml: No such file or directory",
        "SECRETS_DIR /nonexistent: No such file or directory",
    ]


def test_a_dotenv_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"KAFKA__GROUP=\xff\n")
    with pytest.raises(SettingsProblem) as wrong:
        load(None, ENOUGH, tmp_path / ".env")
    assert wrong.value.problems == [f"{tmp_path / '.env'} is not UTF-8"]


def test_what_sources_and_values_have_wrong_comes_together() -> None:
    found = problems({**ENOUGH, CONFIG_FILE: "/nonexistent.toml", "WEB__PORT": "x"})
    assert [problem.split(":")[0] for problem in found] == ["/nonexistent.toml", "WEB__PORT"]


def test_no_secret_is_in_a_message_or_in_what_is_shown() -> None:
    secret = "s3cr3t-value"
    env = {
        **ENOUGH,
        "GENESYS_CLIENT_SECRET": secret,
        "KAFKA__SASL_PASSWORD": secret,
        "STORAGE__OPTIONS__aws_secret_access_key": secret,
        "DOWNLOAD__PROXY": f"http://user:{secret}@proxy:3128",
    }
    loaded = load_with_origins(None, env, NO_DOTENV)
    assert secret not in "".join(shown.value for shown in loaded.shown())
    assert secret not in repr(loaded.settings.genesys) + repr(loaded.settings.kafka)
    found = problems({**env, "WEB__PORT": "x", "GENESYS_CLIENT_SECRET": "", "STORAGE__OPTIONS": f"{secret}{{"})
    assert secret not in "".join(found)


def test_client_id_and_secret_are_read_again_at_each_login_and_survive_a_bad_moment(tmp_path: Path) -> None:
    secret = tmp_path / "GENESYS_CLIENT_SECRET"
    secret.write_text("first\n")
    env = {"KAFKA_BOOTSTRAP_SERVERS": "k:1", "GENESYS_CLIENT_ID": "id", SECRETS_DIR: str(tmp_path)}
    read = credentials(load(None, env, NO_DOTENV), None, env, NO_DOTENV)
    assert read() == ("id", "first")
    secret.write_text("second")
    assert read() == ("id", "second")
    secret.unlink()
    assert read() == ("id", "second")


def test_the_example_file_lists_every_setting_with_its_default() -> None:
    listed = {}
    for line in EXAMPLE.read_text().splitlines():
        name, equals, value = line.removeprefix("#").partition("=")
        if equals and name.isupper() and " " not in name:
            listed[name] = (value, line.startswith("#"))
    assert list(listed) == [CONFIG_FILE, SECRETS_DIR, *variables()]
    assert [name for name, (_, commented) in listed.items() if not commented] == list(ENOUGH)
    defaults = load(None, {name: value for name, (value, commented) in listed.items() if commented} | ENOUGH, NO_DOTENV)
    assert defaults == Settings.of(
        {"kafka": {"bootstrap_servers": "k:9092"}, "genesys": {"client_id": "id", "client_secret": "hush-hush"}}
    )


def test_the_example_file_explains_every_setting() -> None:
    blocks = EXAMPLE.read_text().split("\n\n")
    for name in variables():
        (block,) = [block for block in blocks if block.rstrip().split("\n")[-1].lstrip("#").startswith(f"{name}=")]
        assert block.startswith("# ")
        assert len(block.split("\n")) >= 2
