"""Payloads as Genesys documents or sends them, one file each; ids are invented."""

from pathlib import Path
from typing import Any

import orjson

HERE = Path(__file__).parent


def payload(name: str) -> Any:
    return orjson.loads((HERE / f"{name}.json").read_bytes())


def names() -> set[str]:
    return {file.stem for file in HERE.glob("*.json")}
