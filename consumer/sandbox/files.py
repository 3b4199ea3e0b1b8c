"""Small real files of the eight allowed types, and hostile ones: the same recipe and seed give the same bytes."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache

from consumer.sandbox import hostile, office
from consumer.sandbox.media import gif, jpeg, pdf_page, png, sentences, txt


def dice(*parts: object) -> random.Random:
    """A generator of its own for each purpose, so that a change in one place moves no other."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 # deterministic sample data, no secret


def docx(rng: random.Random) -> bytes:
    return office.word(sentences(rng, rng.randint(5, 600)))


def xlsx(rng: random.Random) -> bytes:
    return office.excel([[rng.randint(0, 10**6) for _ in range(rng.randint(1, 8))] for _ in range(rng.randint(3, 200))])


def doc(rng: random.Random) -> bytes:
    return office.word_97(" ".join(sentences(rng, rng.randint(50, 400))))


MIME = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
GENUINE: dict[str, Callable[[random.Random], bytes]] = {
    "png": png,
    "jpeg": jpeg,
    "gif": gif,
    "pdf": pdf_page,
    "txt": txt,
    "doc": doc,
    "docx": docx,
    "xlsx": xlsx,
}


@lru_cache(maxsize=1024)
def build(recipe: str, seed: int) -> bytes:
    """The bytes of a recipe: a key of `GENUINE` or of `hostile.RECIPES`."""
    maker = GENUINE.get(recipe) or hostile.RECIPES[recipe]
    return maker(dice(recipe, seed))
