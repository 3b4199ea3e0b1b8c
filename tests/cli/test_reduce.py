"""`scan --reduce`: a file to send in, made by the very processes that judge."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command
from tests.inspection.files import jpeg, pdf, program, segment

SECRET = b"Dear Rosalind Zweistein, the account DE4471 is 0815-4711."


def photo(tmp_path: Path) -> Path:
    file = tmp_path / "Rosalind.jpg"
    file.write_bytes(jpeg(segment(0xFE, SECRET * 100)) + program() + SECRET)
    return file


def test_a_small_file_without_a_word_is_written_that_is_rejected_alike(command: Command, tmp_path: Path) -> None:
    file = photo(tmp_path)
    result = command("scan", "--reduce", "--json", file)
    (told,) = map(json.loads, result.stdout.splitlines())
    reduced = tmp_path / "reduced.jpg"
    assert result.exit_code == 0
    assert (told["output"], told["reason"], told["finished"]) == ("reduced.jpg", "second_format", True)
    assert told["bytes"] == {"before": file.stat().st_size, "after": reduced.stat().st_size}
    assert told["bytes"]["after"] < 300
    assert not any(word in reduced.read_bytes() for word in SECRET.replace(b",", b"").split() if len(word) > 3)
    judged = [json.loads(command("scan", "--json", name).stdout) for name in (file, reduced)]
    assert judged[0]["reason"] == judged[1]["reason"]
    assert judged[0]["findings"] == judged[1]["findings"]


def test_people_are_told_what_is_left_and_where(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(SECRET + b"\n<?php system($_GET[1]); ?>\n")
    result = command("scan", "--reduce", "--output", tmp_path / "b.txt", tmp_path / "a.txt")
    assert result.exit_code == 0
    assert "still script: it holds code of PHP" in result.stdout
    assert "Look at them before you send it:\n" in result.stdout
    assert "\n  php\n" in result.stdout
    assert b"<?php" in (tmp_path / "b.txt").read_bytes()


def test_what_is_accepted_has_nothing_to_show(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf())
    result = command("scan", "--reduce", tmp_path / "a.pdf")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "a.pdf is accepted: there is nothing to show" in result.stderr
    assert not (tmp_path / "reduced.pdf").exists()


def test_a_file_that_is_there_is_not_overwritten_and_one_file_is_reduced_at_a_time(
    command: Command, tmp_path: Path
) -> None:
    file = photo(tmp_path)
    (tmp_path / "reduced.jpg").write_bytes(b"mine")
    there, several, alone, missing = (
        command("scan", "--reduce", file),
        command("scan", "--reduce", file, file),
        command("scan", "--output", "x", file),
        command("scan", "--reduce", "missing.pdf"),
    )
    assert [result.exit_code for result in (there, several, alone, missing)] == [2, 2, 2, 2]
    assert "reduced.jpg is there already: name another with --output" in there.stderr
    assert (tmp_path / "reduced.jpg").read_bytes() == b"mine"
    assert "missing.pdf: No such file or directory" in missing.stderr
