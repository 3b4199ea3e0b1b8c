"""Payloads as Genesys documents or sends them, one file each; ids are invented."""

from pathlib import Path
from typing import Any

import orjson

HERE = Path(__file__).parent


def payload(name: str) -> Any:
    return orjson.loads((HERE / f"{name}.json").read_bytes())


def names() -> set[str]:
    return {file.stem for file in HERE.glob("*.json")}


# One of each shape in which Genesys tells of messages.
SHAPES = [
    payload(name)
    for name in (
        "conversation",
        "message-data",
        "message-data-legacy",
        "webhook-outbound",
        "webhook-inbound",
        "tutorial",
        "event-notification",
        "event-eventbridge",
        "bulk",
        "media-valid",
    )
]
