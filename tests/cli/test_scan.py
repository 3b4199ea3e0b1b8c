"""`scan`: files judged by hand, with the very code of the service."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from consumer.sandbox.files import build
from tests.antivirus.c_icap import needs_c_icap, running_c_icap
from tests.antivirus.conftest import needs_clamd, running_clamd
from tests.cli.conftest import Command
from tests.inspection.files import pdf


def told(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "report.pdf"
    file.write_bytes(build("pdf", 1))
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "invoice.pdf"
    file.write_bytes(build("program", 1))
    return file


def test_an_accepted_file_ends_with_0_and_is_told_with_what_it_is(command: Command, good: Path) -> None:
    result = command("scan", "--json", good)
    (one,) = told(result)
    assert (result.exit_code, one["verdict"], one["reason"]) == (0, "accepted", None)
    assert (one["file"], one["detected"], one["size"]) == (str(good), "application/pdf", good.stat().st_size)
    assert one["scanned"] is False
    assert one["detectors"]["libmagic"]


def test_explained_a_finding_has_its_words_its_place_the_bytes_there_and_its_opener(
    command: Command, tmp_path: Path
) -> None:
    """A result has one sentence for each reason."""
    file = tmp_path / "a.pdf"
    document = pdf(b"9 0 obj\n<< /S /JavaScript /JS (app.alert) >>\nendobj\n")
    file.write_bytes(document + zipped("\x1b[2Jx.txt"))
    plain, told_more = (told(command("scan", "--json", *more, file))[0]["findings"] for more in ((), ("--explain",)))
    assert {one["code"] for one in plain} == {one["code"] for one in told_more}
    found = {one["detail"]: one for one in told_more}
    script, inside = found["it contains JavaScript"], found["a ZIP archive inside the document"]
    assert (script["at"], script["printable"][:11]) == (document.index(b"/JavaScript"), "/JavaScript")
    assert (inside["at"], inside["hex"][:11]) == (len(document), "50 4b 03 04")
    assert inside["opener"]["program"] == "unzip, java -jar"
    assert "APPNOTE" in inside["opener"]["source"]
    output = command("scan", "--explain", file)
    assert f"{len(document):08x}  50 4b 03 04" in output.stdout
    assert "opener: unzip, java -jar (second step), which" in output.stdout
    assert "\x1b" not in output.stdout
    assert output.exit_code == 1


def test_explained_a_finding_in_a_file_inside_has_the_place_of_that_file(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped("letter.txt", "program.exe"))
    (one,) = told(command("scan", "--json", "--explain", tmp_path / "a.zip"))
    program = next(finding for finding in one["findings"] if finding["code"] == "embedded_executable")
    assert program["at"] == (tmp_path / "a.zip").read_bytes().rindex(b"PK\3\4")


def test_explained_a_reason_that_is_in_no_bytes_names_its_opener_too(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(pdf())
    output = command("scan", "--explain", tmp_path / "a.png").stdout
    assert "application/pdf (its name says image/png)" in output
    assert "type_mismatch: The file is not of the type" in output
    assert "opener: the desktop" in output


def zipped(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, b"MZ" + bytes(100) if name.endswith(".exe") else b"words")
    return made.getvalue()


def test_one_rejected_among_many_ends_with_1(command: Command, good: Path, bad: Path) -> None:
    result = command("scan", "--json", good, bad)
    assert result.exit_code == 1
    assert [(one["verdict"], one["reason"]) for one in told(result)] == [
        ("accepted", None),
        ("rejected", "content_not_allowed"),
    ]
    assert told(result)[1]["detail"]


def test_people_get_a_table(command: Command, good: Path, bad: Path) -> None:
    result = command("scan", good, bad)
    assert "report.pdf" in result.stdout
    assert "content_not_allowed" in result.stdout
    assert result.exit_code == 1


def test_a_name_cannot_steer_the_terminal(command: Command, tmp_path: Path, good: Path) -> None:
    hostile = good.rename(tmp_path / "a\x1b[2J[red]\u202efdp.pdf")
    for output in (command("scan", hostile).stdout, command("scan", "--json", hostile).stdout):
        assert "\x1b" not in output
        assert "\u202e" not in output
    assert "[red]" in command("scan", hostile).stdout


def test_a_file_that_cannot_be_read_ends_with_2_and_the_others_are_still_judged(
    command: Command, good: Path, tmp_path: Path
) -> None:
    result = command("scan", "--json", tmp_path / "missing.pdf", tmp_path, good)
    assert result.exit_code == 2
    assert [one["file"] for one in told(result)] == [str(good)]
    assert "missing.pdf: No such file or directory" in result.stderr
    assert f"{tmp_path}: Is a directory" in result.stderr


def test_what_is_no_regular_file_is_refused_at_once(command: Command, good: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.pdf"
    os.mkfifo(pipe)
    result = command("scan", "--json", pipe, "/dev/null", good)
    assert result.exit_code == 2
    assert [one["file"] for one in told(result)] == [str(good)]
    assert f"{pipe}: not a regular file" in result.stderr
    assert "/dev/null: not a regular file" in result.stderr


def test_the_policy_of_an_operator_decides(command: Command, good: Path, tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "consumer" / "inspection" / "policy" / "policy.toml"
    lines = shipped.read_text().splitlines()
    strict = tmp_path / "policy.toml"
    strict.write_text("\n".join(line for line in lines if not line.startswith('"application/pdf"')))
    assert command("scan", good).exit_code == 0
    (one,) = told(command("scan", "--json", "--policy", strict, good))
    assert one["reason"] == "content_not_allowed"
    (again,) = told(command("scan", "--json", good, INSPECTION__POLICY_FILE=str(strict)))
    assert again["reason"] == "content_not_allowed"


def test_the_limits_of_a_policy_reach_the_process_that_examines(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(pdf(b"".join(b"%d 0 obj\n<</Type/Page>>\nendobj\n" % number for number in range(20, 22))))
    policy = tmp_path / "policy.toml"
    for pages, reason in ((3, None), (2, "archive_limits")):
        policy.write_text(f'version = "1"\n[types]\n"application/pdf" = "1 MiB"\n[limits]\npages = {pages}\n')
        (one,) = told(command("scan", "--json", "--policy", policy, file))
        assert one["reason"] == reason


def test_a_file_that_nothing_looks_into_is_marked(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "logs.gz"
    file.write_bytes(gzip.compress(b"words"))
    policy = tmp_path / "policy.toml"
    policy.write_text('version = "1"\n[types]\n"application/gzip" = { size = "1 MiB", type_only = true }\n')
    (one,) = told(command("scan", "--json", "--policy", policy, file))
    assert (one["verdict"], one["detected"], one["flags"]) == (
        "accepted",
        "application/gzip",
        ["generic_declared_type", "type_only"],
    )


def test_a_wrong_policy_is_named_and_nothing_is_judged(command: Command, good: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "policy.toml"
    wrong.write_text("version = 1\nnonsense = true\n")
    result = command("scan", "--policy", wrong, good)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nonsense" in result.stderr


def test_a_file_larger_than_the_policy_allows_is_rejected_without_reading_all_of_it(
    command: Command, tmp_path: Path
) -> None:
    huge = tmp_path / "huge.pdf"
    with huge.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    (one,) = told(command("scan", "--json", huge))
    assert one["reason"] == "too_large"


def test_an_antivirus_is_asked_where_one_is_named(command: Command, good: Path, tmp_path: Path) -> None:
    needs_clamd()
    infected = tmp_path / "note.txt"
    infected.write_bytes(build("eicar", 1))
    with running_clamd(tmp_path) as clamd:
        result = command("scan", "--json", "--antivirus", clamd.tcp, good, infected)
    clean, found = told(result)
    assert (clean["verdict"], clean["scanned"]) == ("accepted", True)
    assert (found["reason"], found["scanned"]) == ("infected", True)
    assert "clamav" in clean["detectors"]


def test_an_icap_server_is_asked_where_one_is_named(command: Command, good: Path, tmp_path: Path) -> None:
    needs_clamd()
    needs_c_icap()
    infected = tmp_path / "note.txt"
    infected.write_bytes(build("eicar", 1))
    with running_clamd(tmp_path) as clamd, running_c_icap(tmp_path, clamd.unix.removeprefix("unix://")) as icap:
        result = command("scan", "--json", "--antivirus", icap.avscan, good, infected)
    clean, found = told(result)
    assert (clean["verdict"], clean["scanned"]) == ("accepted", True)
    assert (found["reason"], found["scanned"]) == ("infected", True)
    assert "icap" in clean["detectors"]


def test_an_antivirus_that_is_away_ends_with_3_and_not_with_an_answer(command: Command, good: Path) -> None:
    result = command("scan", "--antivirus", "tcp://127.0.0.1:1", good)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("antivirus: ")


def test_an_antivirus_that_can_be_none_ends_with_2(command: Command, good: Path) -> None:
    result = command("scan", "--antivirus", "localhost", good)
    assert result.exit_code == 2
    assert "--antivirus must be one of tcp://host:port, " in result.stderr


def test_rules_of_an_operator_are_applied_where_they_are_named(command: Command, good: Path, tmp_path: Path) -> None:
    rules, letter = tmp_path / "rules.yar", tmp_path / "letter.txt"
    rules.write_text('rule Ours { meta: action = "reject" strings: $a = "evil" condition: $a }')
    letter.write_text("an evil word\n")
    result = command("scan", "--json", "--yara-rules", rules, letter, good)
    assert [(one["reason"], [finding["detail"] for finding in one["findings"]]) for one in told(result)] == [
        ("yara", ["the rule Ours matches"]),
        (None, []),
    ]
    assert told(result)[0]["detectors"]["yara"]
    rules.write_text("rule Ours {")
    wrong = command("scan", letter, INSPECTION__YARA_RULES=str(rules))
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "rules.yar:1: syntax error" in wrong.stderr
