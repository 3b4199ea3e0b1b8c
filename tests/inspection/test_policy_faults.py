"""What is wrong with a policy file is told with file and line, all of it at once, and with what was meant."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.inspection.policy.languages import LANGUAGES, MEANT
from consumer.inspection.policy.policy import SHIPPED, Policy, PolicyError

FINDINGS = (
    "malformed, encrypted, macros, template, embedded_executable, embedded_files, launch_action, javascript, "
    "active_content, external_reference, second_format, trailing_data, archive_limits, image_too_large, script, "
    "leading_data, looks_like_code, control_characters, infected, scan_limit_exceeded"
)


def problems(folder: Path, text: str | bytes) -> list[str]:
    """What `Policy.load` says of a file, without the folder in front; nothing if it loads."""
    file = folder / "policy.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        Policy.load(file)
    except PolicyError as error:
        return str(error).replace(f"{folder}/", "").splitlines()
    return []


PNG = '"image/png" = "10 MiB"'
MACROS, DECLARED, FAMILIES = 'macros = "reject"', 'declared = "reject"', 'families = "known"'
VERSION, LANGUAGE = 'version = "1" ', 'language = "en"'
GERMAN, EMPTY = "[sentences.de]", 'empty = "Die Datei ist leer."'
LIMITS = "pages = 100000 "

ODD_NAME = "is not a MIME type in lower case without parameters and wildcards, in quotes"
ODD_SIZE = 'must be like "10 MiB" (in B, KiB or MiB), more than 0, at most 100 MiB'
ODD_SHAPE = 'must be a size like "10 MiB", or a table like { size = "10 MiB" }'
ODD_FAMILIES = 'must be "known", or a list of lists of types, like [["video/mp4", "audio/mp4"]]'
ODD_LANGUAGE = 'must be a language of two or three small letters, like "en"'
MEANT_PNG = 'unknown type "image/pgn"; did you mean "image/png"?'
TOO_LARGE = "101 MiB is too much: at most 100 MiB"
DEEP = "policy.toml: not TOML: nested too deeply, or a number of too many digits"
LIMIT_NAMES = "pages, picture, expansion, ratio, entries, nesting"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (PNG, '"image/pgn" = "10 MiB"', f'types."image/pgn": {MEANT_PNG}'),
        (PNG, '"zzz/qqqqqq" = "1 MiB"', 'types."zzz/qqqqqq": unknown type "zzz/qqqqqq"'),
        (PNG, '"PNG" = "10 MiB"', f"types.PNG: {ODD_NAME}"),
        (PNG, '"image/PNG" = "10 MiB"', f'types."image/PNG": {ODD_NAME}'),
        (PNG, '"image/png; a=b" = "10 MiB"', f'types."image/png; a=b": {ODD_NAME}'),
        (PNG, '"image/png" = "101 MiB"', f'types."image/png": {TOO_LARGE}'),
        (PNG, '"image/png" = 0', f'types."image/png": {ODD_SIZE}'),
        (PNG, '"image/png" = "10 GB"', f'types."image/png": {ODD_SIZE}'),
        (PNG, '"image/png" = true', f'types."image/png": {ODD_SIZE}'),
        (PNG, '"image/png" = []', f'types."image/png": {ODD_SHAPE}'),
        (PNG, '"image/png" = 1.5', f'types."image/png": {ODD_SHAPE}'),
        (PNG, '"application/x-quux-zzz" = 1', 'types."application/x-quux-zzz": unknown type "application/x-quux-zzz"'),
        (PNG, '"image/png" = { type_only = true }', 'types."image/png".size: is missing'),
        (PNG, '"image/png" = { size = "101 MiB" }', f'types."image/png".size: {TOO_LARGE}'),
        (PNG, '"image/png" = { size = 1, type_only = "no" }', 'types."image/png".type_only: must be true or false'),
        (
            PNG,
            '"image/png" = { size = 1, typeonly = true }',
            'types."image/png": unknown key "typeonly"; did you mean "type_only"?',
        ),
        (MACROS, 'macros = "maybe"', 'findings.macros: must be "reject" or "tell"'),
        (MACROS, 'marcos = "reject"', 'findings.marcos: unknown finding "marcos"; did you mean "macros"?'),
        (MACROS, 'qqq = "reject"', f'findings.qqq: unknown finding "qqq"; known: {FINDINGS}'),
        (MACROS, 'empty = "tell"', 'findings.empty: "empty" always rejects: no policy can say otherwise'),
        (
            MACROS,
            'too_large = "tell"',
            'findings.too_large: "too_large" is no finding in a file: no policy decides about it here',
        ),
        (DECLARED, "declared = 1", 'disagreement.declared: must be "reject" or "tell"'),
        (DECLARED, 'declare = "reject"', 'disagreement: unknown key "declare"; did you mean "declared"?'),
        (FAMILIES, "families = [7]", f"disagreement.families: {ODD_FAMILIES}"),
        (FAMILIES, 'families = ["image/png"]', f"disagreement.families: {ODD_FAMILIES}"),
        (FAMILIES, 'families = "knwon"', f"disagreement.families: {ODD_FAMILIES}"),
        (FAMILIES, 'families = [["image/pgn"]]', f"disagreement.families: {MEANT_PNG}"),
        (
            PNG,
            '"binary/octet-stream" = "1 MiB"',
            'types."binary/octet-stream": is what senders write who do not know: no file is of it, and who declares it '
            "needs no line",
        ),
        (VERSION, "version = 1 ", 'version: must be a word of up to 40 letters, digits, ".", "_" and "-"'),
        (LANGUAGE, 'langauge = "en"', 'the policy: unknown key "langauge"; did you mean "language"?'),
        (LANGUAGE, 'language = "English"', f"language: {ODD_LANGUAGE}"),
        (LANGUAGE, 'language = "fr"', "language: there are no [sentences.fr]; the policy speaks de, en"),
        (GERMAN, "[sentences.xx]", 'sentences.xx: unknown language "xx"; ISO 639 has no such code'),
        (GERMAN, "[sentences.jp]", 'sentences.jp: unknown language "jp"; did you mean "ja"?'),
        (GERMAN, "[sentences.deu]", 'sentences.deu: unknown language "deu"; did you mean "de"?'),
        (LANGUAGE, 'language = "eng"', 'language: unknown language "eng"; did you mean "en"?'),
        (GERMAN, '[sentences."de-AT"]', f"sentences.de-AT: {ODD_LANGUAGE}"),
        (EMPTY, "empty = 0", "sentences.de.empty: the sentence must be one line, at most 500 characters"),
        (EMPTY, 'emtpy = "Leer."', 'sentences.de.emtpy: unknown reason "emtpy"; did you mean "empty"?'),
        (LIMITS, "pages = 0", "limits.pages: must be like 2000, more than 0, at most 100000"),
        ("nesting = 3 ", "nesting = 0", "limits.nesting: must be like 4, more than 0, at most 4"),
        ("nesting = 3 ", "nesting = 99", "limits.nesting: 99 is too much: at most 4"),
        ('picture = "512 MiB"', 'picture = "2048 MiB"', "limits.picture: 2048 MiB is too much: at most 1024 MiB"),
        (LIMITS, "pixels = 3", f'limits: unknown key "pixels"; known: {LIMIT_NAMES}'),
        (LIMITS, "page = 3", 'limits: unknown key "page"; did you mean "pages"?'),
    ],
)
def test_each_fault_is_told_in_one_sentence_with_its_line(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    whole = SHIPPED.read_text()
    text = whole.replace(old, new, 1)
    assert text != whole
    line = next(number for number, row in enumerate(text.splitlines(), 1) if row.strip().startswith(new))
    assert problems(tmp_path, text) == [f"policy.toml:{line}: {sentence}"]


def test_a_type_under_two_names_that_say_different_things_is_refused_by_both(tmp_path: Path) -> None:
    text = (
        'version = "1"\n[types]\n"image/pjpeg" = "1 MiB"\n"application/pdf" = "3 MiB"\n"image/jpg" = "2 MiB"\n'
        '"application/x-pdf" = { size = "3 MiB", type_only = true }\n"image/x-png" = 1024\n"image/png" = "1 KiB"\n'
    )
    otherwise = "which says otherwise; leave one of the two out"
    assert problems(tmp_path, text) == [
        f'policy.toml:5: types."image/jpg": is the same type as "image/pjpeg", {otherwise}',
        f'policy.toml:6: types."application/x-pdf": is the same type as "application/pdf", {otherwise}',
    ]


def test_each_language_that_has_a_code_is_taken_by_the_shortest(tmp_path: Path) -> None:
    for code in (*LANGUAGES, "fil", "yue"):
        sentence = f'version = "1"\n[types]\n"image/png" = 1\n[sentences.{code}]\nempty = "0"\n'
        assert problems(tmp_path, sentence) == []
    assert LANGUAGES.issuperset(MEANT.values())
    assert LANGUAGES.isdisjoint(MEANT)
    assert len(LANGUAGES) == 185


def test_every_problem_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "\n".join(
        (
            "colour = 1",
            "[types]",
            '"image/pgn" = "1 GiB"',
            '[types."image/gif"]',
            "size = 0",
            "[findings]",
            'mcros = "reject"',
            'script = "no"',
        )
    )
    assert problems(tmp_path, text) == [
        'policy.toml:1: the policy: unknown key "colour"; known: version, types, disagreement, findings, limits, '
        "sentences, language",
        "policy.toml:1: version: is missing",
        'policy.toml:3: types."image/pgn": must be like "10 MiB" (in B, KiB or MiB), more than 0, at most 100 MiB',
        'policy.toml:3: types."image/pgn": unknown type "image/pgn"; did you mean "image/png"?',
        'policy.toml:5: types."image/gif".size: must be like "10 MiB" (in B, KiB or MiB), more than 0, at most 100 MiB',
        'policy.toml:7: findings.mcros: unknown finding "mcros"; did you mean "macros"?',
        'policy.toml:8: findings.script: must be "reject" or "tell"',
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ["policy.toml:1: types: is missing", "policy.toml:1: version: is missing"]),
        (b'version = "1"\n[types]\n', ["policy.toml:2: types: no type is allowed at all"]),
        (b'version = "1"\ntypes = 7\n', ["policy.toml:2: types: must be a table"]),
        (b'version = "1"\nfindings = []\n[types]\n"image/png" = 1', ["policy.toml:2: findings: must be a table"]),
        (b"a = 1\nb = \xff\xfe", [r"policy.toml:2:5: not UTF-8, in 'b = \\xff\\xfe'"]),
        (b"a = 1\nversion = \n", ["policy.toml:2:11: not TOML: Invalid value, in 'version = '"]),
        (b"a = 1\nversion = ", ["policy.toml:2:10: not TOML: Invalid value, in 'version = '"]),
        (b'a = """b\n\n', ['policy.toml:1:9: not TOML: Unterminated string, in \'a = """b\'']),
        (b"a = 1\r\na = 2\r\nb = 3", ["policy.toml:2:6: not TOML: Cannot overwrite a value, in 'a = 2'"]),
        (
            b'[types]\n"image/png" = 10 MiB',
            [
                "policy.toml:2:18: not TOML: Expected newline or end of document after a statement, "
                "in '\"image/png\" = 10 MiB'"
            ],
        ),
        (
            b"x" * 500 + b' = "\x1b[31m" ' + b"y" * 500,
            [f"policy.toml:1:505: not TOML: Illegal character '\\x1b', in '{'x' * 35} = \"\\x1b[31m\" {'y' * 34}'"],
        ),
        (b"a = " + b"[" * 50_000, [DEEP]),
        (b"a = " + b"9" * 50_000, [DEEP]),
    ],
)
def test_what_is_no_policy_at_all_is_told(tmp_path: Path, content: bytes, told: list[str]) -> None:
    assert problems(tmp_path, content) == told


VALUES = (
    "",
    "0",
    "-1",
    "1.5",
    "true",
    "[]",
    "{}",
    "[[1]]",
    '"x"',
    '"tell"',
    "{ size = 1 }",
    "1979-05-27",
    "{ a = { b = 1 } }",
)
KEYS = ("version", "language", "types", "findings.macros", "limits", "limits.pages", "sentences", "sentences.en",
        "disagreement.families", '"a b"', '"image/png".size', "types.\"image/png\"", "x.y.z")  # fmt: skip
HEADERS = (
    "types",
    'types."image/png"',
    "findings",
    "limits",
    "sentences",
    "sentences.en",
    "sentences.en.empty",
    "x",
    "[types]",
)
rows = st.one_of(
    st.builds("{} = {}".format, st.sampled_from(KEYS), st.sampled_from(VALUES)),
    st.builds("[{}]".format, st.sampled_from(HEADERS)),
    st.sampled_from(SHIPPED.read_text().splitlines()),
)


@given(st.lists(rows, max_size=12))
def test_whatever_a_file_holds_it_loads_or_each_problem_has_a_line_of_it(lines: list[str]) -> None:
    with TemporaryDirectory() as folder:
        for problem in problems(Path(folder), "\n".join(lines)):
            told = re.fullmatch(r"policy\.toml:(\d+):(?:\d+:)? \S.*", problem)
            assert told
            assert 1 <= int(told[1]) <= max(1, len(lines))


def test_the_mark_that_some_editors_write_in_front_changes_nothing(tmp_path: Path) -> None:
    assert problems(tmp_path, b"\xef\xbb\xbf" + SHIPPED.read_bytes()) == []


def test_a_missing_policy_is_told(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none\.toml: can't be read: No such file or directory"):
        Policy.load(tmp_path / "none.toml")


def test_keys_that_only_look_alike_are_taken_as_they_stand(tmp_path: Path) -> None:
    """Quotes, dots and folded tables are TOML's, not ours: a place is found in each."""
    text = 'version = "1"\ntypes.\'image/gif\'.size = 0\n[types."image/png"] # why\n  size = "0"\n'
    assert problems(tmp_path, text) == [
        'policy.toml:2: types."image/gif".size: must be like "10 MiB" (in B, KiB or MiB), more than 0, at most 100 MiB',
        'policy.toml:4: types."image/png".size: must be like "10 MiB" (in B, KiB or MiB), more than 0, at most 100 MiB',
    ]
