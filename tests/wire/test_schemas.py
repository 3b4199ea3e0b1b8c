"""The contract: open where it promises to grow, the same as the code, and a successor of the last release's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from consumer.inspection.policy.model import CERTAIN, DEFAULTS
from consumer.model import DeadReason, Event, Reason
from consumer.sandbox.traffic import Traffic, plan_traffic
from consumer.wire.events import UnreadableEvent, decode
from consumer.wire.payloads import MAX_EVENTS
from consumer.wire.transports import ENVELOPES

SCHEMAS = Path(__file__).parents[2] / "schemas"
LAST = Path(__file__).parents[1] / "released" / "0.1.0" / "schemas"
LEFT = {"shape"}  # no business of a reader: which payload the description of the file came from
OUTPUTS = ("accepted", "rejected", "dead-letter")

Schema = dict[str, Any]


def schema(name: str, folder: Path = SCHEMAS) -> Schema:
    loaded: Schema = json.loads((folder / f"{name}.json").read_text())
    return loaded


def is_valid(name: str, document: object, folder: Path = SCHEMAS) -> bool:
    return Draft202012Validator(schema(name, folder)).is_valid(document)


def known(name: str, *path: str) -> list[str]:
    """The values that a schema lists of an open field."""
    node: Any = schema(name)["properties"]
    for step in path:
        node = node[step]
    assert node["type"] == "string"
    assert not node.keys() & {"enum", "const", "anyOf", "oneOf"}
    return list(node["examples"])


def test_the_known_values_of_open_fields_are_those_of_the_code() -> None:
    assert known("rejected", "reason") == list(Reason)
    assert known("dead-letter", "dlq.reason") == list(DeadReason)
    for name in ("accepted", "rejected"):
        assert set(known(name, "findings", "items", "properties", "code")) == {*CERTAIN, *DEFAULTS, Reason.YARA}


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_reader_that_validates_takes_what_a_later_minor_version_says(name: str) -> None:
    later = {
        "findings": [{"code": "unheard_of", "detail": "something", "offset": 7}],
        "flags": ["unheard_of"],
        "reason": "unheard_of",
        "dlq.reason": "unheard_of",
        "addedLater": {"a": 1},
    }
    example = schema(name)["examples"][0]
    assert is_valid(
        name,
        example
        | {key: later[key] for key in later if key in example or key == "addedLater"}
        | ({"reason": None} if name == "accepted" else {}),
    )


@pytest.mark.parametrize("code", ["", "Macros", "no code", "a" * 65, None, 7])
def test_a_code_is_a_word_all_the_same(code: object) -> None:
    rejected, dead = schema("rejected")["examples"][0], schema("dead-letter")["examples"][0]
    assert not is_valid("rejected", rejected | {"reason": code})
    assert not is_valid("rejected", rejected | {"findings": [{"code": code, "detail": ""}]})
    assert not is_valid("dead-letter", dead | {"dlq.reason": code})


@pytest.mark.parametrize("name", OUTPUTS)
def test_what_the_last_release_wrote_is_valid_still(name: str) -> None:
    """Topics hold a month of it."""
    for example in schema(name, LAST)["examples"]:
        assert is_valid(name, example)


@pytest.mark.parametrize("name", OUTPUTS)
def test_what_is_written_now_is_valid_to_readers_of_the_last_release(name: str) -> None:
    """Save for what left the contract, and codes that are newer: they were never promised to stay the same."""
    for example in schema(name)["examples"]:
        left = {"shape": "S1"} if name != "dead-letter" else {}
        assert is_valid(name, example | left, LAST)


@pytest.mark.parametrize("name", OUTPUTS)
def test_nothing_leaves_the_contract_or_changes_its_meaning(name: str) -> None:
    old, new = schema(name, LAST), schema(name)
    assert new["$id"] == old["$id"]
    assert set(old["required"]) - set(new["required"]) <= LEFT
    for field, before in old["properties"].items():
        if field not in LEFT:
            assert narrower(before, new["properties"][field]) == []


def narrower(old: Schema, new: Schema, place: str = "") -> list[str]:
    """Where `new` refuses what `old` takes, as far as both are written with the keywords that these schemas use."""
    found = []
    if "enum" in old:
        found += [f"{place}: {value}" for value in old["enum"] if not Draft202012Validator(new).is_valid(value)]
    elif "const" in old and old["const"] != new.get("const"):
        found.append(f"{place}: const")
    found += [
        f"{place}: {word}" for word in ("pattern", "format") if "enum" not in old and old.get(word) != new.get(word)
    ]
    types = [set([kinds] if isinstance(kinds, str) else kinds) for kinds in (old.get("type", []), new.get("type", []))]
    found += [f"{place}: type"] if types[1] and not types[0] <= types[1] else []
    found += [
        f"{place}: {word}" for word in ("maxLength", "maxItems") if word in old and new.get(word, 1 << 30) < old[word]
    ]
    found += [f"{place}: {word}" for word in ("minLength", "minimum") if new.get(word, 0) > old.get(word, 0)]
    found += [f"{place}: required" for name in new.get("required", []) if name not in old.get("required", [])]
    for name, inner in old.get("properties", {}).items():
        found += narrower(inner, new["properties"][name], f"{place}.{name}") if name in new["properties"] else [name]
    return found + (narrower(old["items"], new["items"], f"{place}[]") if "items" in old else [])


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return plan_traffic(400, 5, datetime(2026, 2, 3, tzinfo=UTC))


def test_every_event_that_can_be_read_is_valid(traffic: Traffic) -> None:
    """In all packings, with the noise between them. What is not valid becomes a dead letter."""
    told, validator = set(), Draft202012Validator(schema("event"))
    for record in traffic.records:
        readable = not any(isinstance(item, UnreadableEvent) for item in decode(record.value))
        if record.value is not None:
            told.add((readable, validator.is_valid(json_of(record.value))))
    assert told == {(True, True), (False, False)}


def test_the_schema_names_each_envelope_and_how_many_events_one_may_hold() -> None:
    definitions = schema("event")["$defs"]
    listed = [(row["title"], set(row["required"])) for row in definitions["transport"]["anyOf"]]
    assert listed == [(envelope.name, set(envelope.requires)) for envelope in ENVELOPES]
    assert definitions["array"]["maxItems"] == MAX_EVENTS


def json_of(value: bytes) -> object:
    try:
        return json.loads(value.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


@pytest.mark.parametrize(
    "document", [7, "", "words", {}, {"a": 1}, {"conversationId": "a b"}, {"topicName": ""}, [1], None]
)
def test_what_names_nothing_is_no_event(document: object) -> None:
    assert not is_valid("event", document)
    assert all(isinstance(item, UnreadableEvent) for item in decode(json.dumps(document).encode()))


def test_the_schema_of_events_is_one_whose_examples_are_events() -> None:
    published = schema("event")
    Draft202012Validator.check_schema(published)
    assert published["$id"] == "urn:attachment-consumer:schema:event:1"
    for example in published["examples"]:
        assert is_valid("event", example)
        assert [type(item) for item in decode(json.dumps(example).encode())] == [Event]
