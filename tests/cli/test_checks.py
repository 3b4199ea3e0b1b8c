"""`check-config`, `check-url` and `version`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import typer
from rich.console import Console

from consumer.cli.checks import check_urls
from consumer.cli.outcome import one_below_the_other
from consumer.inspection.policy.policy import SHIPPED, Policy
from consumer.sandbox.arrangement import topic_partitions
from consumer.sandbox.embedded import EmbeddedBroker
from tests.cli.conftest import Command


def test_every_setting_is_shown_with_its_source_and_secrets_are_masked(command: Command) -> None:
    result = command("check-config", "--json", KAFKA__GROUP="mine")
    shown = json.loads(result.stdout)
    assert (result.exit_code, shown["ok"]) == (0, True)
    assert shown["settings"]["KAFKA__GROUP"] == {"value": "mine", "from": "environment"}
    assert shown["settings"]["LOG__LEVEL"] == {"value": "info", "from": "default"}
    assert "hush-hush" not in result.stdout + result.stderr + command("check-config").stdout


def test_each_type_in_force_is_shown_with_its_reader_and_what_that_does_not_see(
    command: Command, tmp_path: Path
) -> None:
    types = json.loads(command("check-config", "--json").stdout)["types"]
    assert list(types) == list(Policy.load(SHIPPED).types)
    assert types["image/png"]["reader"] == "png"
    assert "pixels" in types["image/png"]["unseen"]
    (tmp_path / "policy.toml").write_text(
        'version = "1"\n[types]\n"application/gzip" = { size = "1 MiB", type_only = true }\n'
    )
    shown = command("check-config", INSPECTION__POLICY_FILE="policy.toml").stdout
    assert "application/gzip" in shown
    assert "anything" in shown


def test_all_problems_come_at_once_the_policys_included(command: Command, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("nonsense = true\n")
    wrong = {"KAFKA__TICK_MS": "soon", "LOG__LEVEL": "loud", "INSPECTION__POLICY_FILE": str(policy)}
    result = command("check-config", GENESYS_CLIENT_ID="", **wrong)
    assert (result.exit_code, result.stdout) == (2, "")
    for part in ("KAFKA__TICK_MS", "LOG__LEVEL", "GENESYS_CLIENT_ID is not set", "nonsense"):
        assert part in result.stderr
    as_json = command("check-config", "--json", GENESYS_CLIENT_ID="", **wrong)
    assert as_json.exit_code == 2
    assert len(json.loads(as_json.stdout)["problems"]) >= 4


@pytest.mark.parametrize("servers", ["user:hush-hush@k:9092", "k:9092,hush-hush@k:9092"])
def test_a_password_among_the_servers_is_refused_and_not_repeated(command: Command, servers: str) -> None:
    for arguments in (("check-config",), ("check-config", "--json")):
        result = command(*arguments, KAFKA_BOOTSTRAP_SERVERS=servers)
        assert result.exit_code == 2
        assert "KAFKA__SASL_USERNAME" in result.stdout + result.stderr
        assert "hush-hush" not in result.stdout + result.stderr


def test_each_problem_of_the_policy_is_one_of_the_problems(command: Command, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('[types]\n"image/pgn" = "1 MiB"\n')
    result = command("check-config", "--json", INSPECTION__POLICY_FILE="policy.toml")
    assert (result.exit_code, json.loads(result.stdout)["problems"]) == (
        2,
        [
            "INSPECTION__POLICY_FILE: policy.toml:1: version: is missing",
            'INSPECTION__POLICY_FILE: policy.toml:2: types."image/pgn": unknown type "image/pgn"; '
            'did you mean "image/png"?',
        ],
    )


def test_a_policy_that_is_no_toml_is_a_problem_with_its_line_its_column_and_the_text_there(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "policy.toml").write_text('version = "1"\n[types]\n"image/png" = 10 MiB\n')
    result = command("check-config", "--json", INSPECTION__POLICY_FILE="policy.toml")
    assert (result.exit_code, json.loads(result.stdout)["problems"]) == (
        2,
        [
            "INSPECTION__POLICY_FILE: policy.toml:3:18: not TOML: Expected newline or end of document after a "
            "statement, in '\"image/png\" = 10 MiB'",
        ],
    )


def test_what_only_the_users_of_a_setting_can_tell_is_a_problem_as_well(command: Command, tmp_path: Path) -> None:
    no_pem = tmp_path / "ca.pem"
    no_pem.write_text("not a certificate")
    result = command(
        "check-config",
        KAFKA__SECURITY_PROTOCOL="SSL",
        KAFKA__CA_FILE=str(no_pem),
        GENESYS__CA_FILE=str(no_pem),
        STORAGE__URL="s3://bucket/prefix",
        STORAGE__OPTIONS='{"allow_invalid_certificates": "true"}',
    )
    assert result.exit_code == 2
    for name in ("KAFKA__CA_FILE:", "GENESYS__CA_FILE:", "STORAGE__OPTIONS: allow_invalid_certificates"):
        assert result.stderr.count(name) == 1
    folder = command("check-config", STORAGE__OPTIONS='{"region": "eu"}')
    assert (folder.exit_code, "takes no STORAGE__OPTIONS" in folder.stderr) == (2, True)


def test_files_and_stores_are_looked_at_beside_whatever_else_is_wrong(command: Command, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    wrong = {
        "GENESYS_CLIENT_ID": "",
        "GENESYS__CA_FILE": str(tmp_path / "ca.pem"),
        "STORAGE__URL": "ftp://store",
        "STORAGE__QUARANTINE_URL": "s3://",
        "DOWNLOAD__ALLOWED_HOSTS": "10.0.0.1",
        "DOWNLOAD__MAX_BYTES_IN_MEMORY": "1048576",
        "NOTIFY__LANGUAGE": "fr",
        "WEB__PORT": "99999",
    }
    problems = json.loads(command("check-config", "--json", **wrong).stdout)["problems"]
    assert len(problems) == len(wrong)
    assert {next(name for name in wrong if problem.startswith(name)) for problem in problems} == wrong.keys()


def test_memory_takes_the_largest_file_of_the_policy(command: Command, tmp_path: Path) -> None:
    result = command("check-config", DOWNLOAD__MAX_BYTES_IN_MEMORY=str(10 * 1024 * 1024 - 1))
    assert (result.exit_code, "DOWNLOAD__MAX_BYTES_IN_MEMORY" in result.stderr) == (2, True)
    assert command("run", DOWNLOAD__MAX_BYTES_IN_MEMORY="1048576").exit_code == 2
    assert command("check-config", DOWNLOAD__MAX_BYTES_IN_MEMORY=str(10 * 1024 * 1024)).exit_code == 0


def test_checking_makes_no_folder(command: Command, tmp_path: Path) -> None:
    assert command("check-config", STORAGE__URL=str(tmp_path / "store")).exit_code == 0
    assert not (tmp_path / "store").exists()


def test_a_policy_that_is_not_there_is_told_once(command: Command) -> None:
    result = command("check-config", INSPECTION__POLICY_FILE="/nonexistent")
    assert result.exit_code == 2
    assert result.stderr.count("/nonexistent") == 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("DOWNLOAD__ALLOWED_ORIGINS", "http://127.0.0.1:8080"),
        ("GENESYS__API_URL", "http://127.0.0.1:8080"),
        ("KAFKA_GROUP", "x"),
        ("KAFKA_BOOTSTRAP_SERVERS", "kafka-0:9092"),
    ],
)
def test_what_is_rarely_meant_in_production_is_warned_of(command: Command, setting: str, value: str) -> None:
    result = command("check-config", **{setting: value})
    assert result.exit_code == 0
    assert f"warning: {setting}" in result.stderr
    assert setting in " ".join(json.loads(command("check-config", "--json", **{setting: value}).stdout)["warnings"])


def test_a_type_that_nothing_looks_into_is_warned_of(command: Command, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('version = "1"\n[types]\n"application/gzip" = "1 MiB"\n')
    result = command("check-config", INSPECTION__POLICY_FILE="policy.toml")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1] == (
        'warning: types."application/gzip": no reader looks into such files, so they are judged by their type alone; '
        'to say that you know, write: "application/gzip" = { size = "1 MiB", type_only = true }'
    )


def test_what_a_new_policy_judges_otherwise_is_shown(command: Command, tmp_path: Path) -> None:
    shipped = SHIPPED.read_text()
    (tmp_path / "old.toml").write_text(shipped)
    (tmp_path / "new.toml").write_text(shipped.replace('"image/png" = "10 MiB"', '"image/png" = "5 MiB"'))
    same, other = ("check-config", "--diff", "old.toml", "old.toml"), ("check-config", "--diff", "old.toml", "new.toml")
    assert (command(*same).exit_code, command(*same).stdout) == (0, "no difference\n")
    assert json.loads(command(*same, "--json").stdout) == {"ok": True, "same": True, "differences": []}
    told = command(*other)
    assert (told.exit_code, told.stdout.split()) == (
        1,
        ["type", "rule", "old", "new", "image/png", "size", "10", "MiB", "5", "MiB"],
    )
    change = {"type": "image/png", "rule": "size", "old": "10 MiB", "new": "5 MiB"}
    assert json.loads(command(*other, "--json").stdout) == {"ok": True, "same": False, "differences": [change]}


def test_what_is_wrong_with_either_policy_is_told(command: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('version = "1"\n[types]\n"image/pgn" = 1\n')
    problems = [
        "none.toml: can't be read: No such file or directory",
        'bad.toml:3: types."image/pgn": unknown type "image/pgn"; did you mean "image/png"?',
    ]
    result = command("check-config", "--diff", "none.toml", "bad.toml")
    assert (result.exit_code, result.stdout, result.stderr.splitlines()) == (2, "", problems)
    result = command("check-config", "--json", "--diff", "none.toml", "bad.toml")
    assert (result.exit_code, json.loads(result.stdout)) == (2, {"ok": False, "problems": problems})


def test_a_toml_file_is_named_by_an_option(command: Command, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[kafka]\ngroup = "toml"\n')
    result = command("check-config", "--json", "--config", "c.toml")
    assert json.loads(result.stdout)["settings"]["KAFKA__GROUP"] == {"value": "toml", "from": "c.toml"}


def test_a_url_is_judged_without_credentials_and_without_a_connection(command: Command) -> None:
    nothing = {"KAFKA_BOOTSTRAP_SERVERS": "", "GENESYS_CLIENT_ID": "", "GENESYS_CLIENT_SECRET": ""}
    result = command("check-url", "--json", "https://apps.mypurecloud.com/x", **nothing)
    assert (result.exit_code, json.loads(result.stdout)["allowed"]) == (0, True)
    refused = command("check-url", "--json", "http://169.254.169.254/latest/meta-data", **nothing)
    assert (refused.exit_code, json.loads(refused.stdout)["allowed"]) == (1, False)


def test_a_url_is_judged_by_the_region_as_the_service_reads_it(command: Command) -> None:
    url = "https://apps.mypurecloud.de/x"
    assert command("check-url", url, GENESYS_REGION="MyPureCloud.DE").exit_code == 0
    wrong = command("check-url", url, GENESYS_REGION="mypurecloud.ed")
    assert (wrong.exit_code, "GENESYS_REGION: 'mypurecloud.ed' is no region" in wrong.stderr) == (2, True)
    own = {"GENESYS_REGION": "own.example", "GENESYS__LOGIN_URL": "https://a.example"}
    assert (
        command("check-url", "https://apps.own.example/x", **own, GENESYS__API_URL="https://b.example").exit_code == 0
    )


def test_the_hosts_that_are_allowed_by_name_count(command: Command) -> None:
    url = "https://files.example.com/a.pdf"
    assert command("check-url", url).exit_code == 1
    assert command("check-url", url, DOWNLOAD__ALLOWED_HOSTS="files.example.com").exit_code == 0
    wrong = command("check-url", url, DOWNLOAD__ALLOWED_HOSTS="*.example.com")
    assert (wrong.exit_code, wrong.stdout) == (2, "")


def test_urls_come_from_stdin_as_well_and_no_signature_is_printed_in_a_table(command: Command) -> None:
    urls = "https://apps.mypurecloud.com/a\n\nhttps://evil.example/b?X-Amz-Signature=s3cret\x1b[2J\n"
    result = command("check-url", "-", stdin=urls)
    assert result.exit_code == 1
    assert "evil.example/b" in result.stdout
    assert "s3cret" not in result.stdout
    assert "\x1b" not in result.stdout


def test_json_names_each_url_as_it_was_given_on_a_line_of_plain_ascii(command: Command) -> None:
    hostile = "https://evil.example/\u202e\x1b[2J?a=b"
    result = command("check-url", "--json", "-", hostile, stdin=b"https://apps.mypurecloud.com:443/a\r\n\xff://\n")
    first, broken, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.stdout.isascii()
    assert "\x1b" not in result.stdout
    assert (first["url"], first["host"], first["port"]) == (
        "https://apps.mypurecloud.com:443/a",
        "apps.mypurecloud.com",
        443,
    )
    assert (last["url"], last["allowed"], broken["allowed"]) == (hostile, False, False)
    assert set(last) == {"url", "allowed", "reason", "host", "port"}


@pytest.mark.parametrize(
    ("addresses", "allowed", "reason"),
    [
        (["93.184.215.14"], True, ""),
        (["93.184.215.14", "10.0.0.1"], False, "10.0.0.1: private"),
        (None, False, "resolve"),
    ],
)
def test_on_demand_the_addresses_of_an_allowed_name_are_judged_as_well(
    capsys: pytest.CaptureFixture[str], command: Command, addresses: list[str] | None, allowed: bool, reason: str
) -> None:
    assert command("check-config").exit_code == 0  # in an empty folder and environment

    async def lookup(host: str, port: int) -> list[str]:
        assert (host, port) == ("apps.mypurecloud.com", 443)
        if addresses is None:
            raise OSError("no such name")
        return addresses

    urls = ["https://apps.mypurecloud.com/a", "https://elsewhere.example/"]
    with pytest.raises(typer.Exit):
        check_urls(urls, None, as_json=True, resolve=True, lookup=lookup)
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["allowed"], first["addresses"]) == (allowed, addresses or [])
    assert reason in first["reason"]
    assert "addresses" not in second


def test_version_names_all_that_a_verdict_depends_on(command: Command) -> None:
    told = json.loads(command("version", "--json").stdout)
    assert {"attachment-consumer", "python", "libmagic", "aiokafka", "inspection"} <= set(told)
    assert f"libmagic {told['libmagic']}" in command("version").stdout.splitlines()


def test_the_rules_in_force_are_shown_and_what_is_wrong_with_them_has_its_line(
    command: Command, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.yar"
    rules.write_text(
        'rule Ours { meta: action = "reject" strings: $a = "x" condition: $a }\nrule Told { condition: filesize > 9 }'
    )
    shown, listed = (command("check-config", *more, INSPECTION__YARA_RULES=str(rules)) for more in ((), ("--json",)))
    assert "1 of 2 reject, the others are told" in shown.stdout
    assert "rules.yar:1: slow pattern" in shown.stderr
    assert json.loads(listed.stdout)["rules"] == {"Ours": "reject", "Told": "tell"}
    rules.write_text("\nrule Ours { condition: $b }")
    wrong = command("check-config", INSPECTION__YARA_RULES=str(rules))
    assert wrong.exit_code == 2
    assert f"INSPECTION__YARA_RULES: {rules}:2: unknown pattern `$b`; " in wrong.stderr


AWAY = {
    "GENESYS__LOGIN_URL": "http://127.0.0.1:1",
    "GENESYS__API_URL": "http://127.0.0.1:1",
    "DOWNLOAD__ALLOWED_ORIGINS": '["http://127.0.0.1:1"]',
    "ANTIVIRUS__ADDRESS": "tcp://127.0.0.1:1",
    "STORAGE__URL": "store/of/files",
}


def test_every_part_that_is_not_well_is_told_with_what_to_do_and_no_folder_is_made(
    command: Command, tmp_path: Path
) -> None:
    result = command("check-config", "--online", "--json", **AWAY)
    checks = json.loads(result.stdout)["checks"]
    assert result.exit_code in (1, 3)  # 1 where this machine can't hold workers in
    assert {one["outcome"] for one in checks} >= {"fine", "away", "not checked"}
    assert [one for one in checks if one["outcome"] != "fine" and not one["remedy"]] == []
    (storage,) = [one for one in checks if one["check"] == "storage"]
    assert f"`run` makes it in {tmp_path}" in storage["came"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("embedded")
def test_brokers_that_do_not_know_what_is_asked_of_them_are_told_with_what_to_do(command: Command) -> None:
    with EmbeddedBroker(topic_partitions(1)) as broker:
        env = {"KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers}
        result = command("check-config", "--online", "--json", **AWAY, **env)
        for asked in ("topics describe", "topics create", "dlq ls", "explain c-1", "dlq replay --yes"):
            told = command(*asked.split(), **env)
            assert (told.exit_code, "`demo --broker kafka --keep`" in told.stderr) == (3, True)
    checks = json.loads(result.stdout)["checks"]
    assert [one for one in checks if one["outcome"] != "fine" and not one["remedy"]] == []
    assert any("too old" in one["came"] for one in checks)


def test_in_a_narrow_terminal_no_name_is_cut_in_two() -> None:
    names = "KAFKA_BOOTSTRAP_SERVERS", "GENESYS__ORGANIZATION_ID", "advertised.listeners"
    row = (("not checked", "dim"), "kafka.tls", f"see {names[0]}", "", f"with {names[1]}", f"change {names[2]}")
    console = Console(width=60, file=io.StringIO(), record=True)
    console.print(one_below_the_other(("result", "check", "tried", "nothing", "what came", "what to do"), [row]))
    shown = console.export_text()
    assert all(name in shown for name in (*names, "not checked", "kafka.tls", "what came"))
    assert "nothing" not in shown
    assert max(map(len, shown.splitlines())) <= 60
