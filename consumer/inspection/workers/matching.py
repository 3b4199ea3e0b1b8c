"""An operator's rules in a worker: loaded before it closes itself in, applied to files afterwards.

Loading them makes memory executable, which a worker may not do any more once it is closed in. YARA-X's own limit of
time is not used: it needs a thread, and counts whole seconds of the clock. The kernel counts the worker's CPU time.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from consumer.inspection.yara.rules import ACTION, REJECT

if TYPE_CHECKING:
    import yara_x

NO_RULE = 0
WARM = b"a text that anybody may read\n"

Matcher = Callable[[bytes], int]
"""The place of the rule that matches, counted from 1, one that rejects before the others; `NO_RULE` if none does."""


def prepare() -> None:
    """Loads YARA-X, since nothing can be imported later. `ImportError` without it."""
    import yara_x  # noqa: F401 # kept by the interpreter


def matcher(content: bytes) -> Matcher:
    """Of compiled rules, warm. `OSError` if a thread came with them: no filter of ours would hold it."""
    import yara_x

    rules = yara_x.Rules.deserialize_from(io.BytesIO(content))
    scanner = yara_x.Scanner(rules)
    places = {
        rule.identifier: (dict(rule.metadata).get(ACTION) != REJECT, place) for place, rule in enumerate(rules, 1)
    }

    def match(data: bytes) -> int:
        found = [places[rule.identifier] for rule in _matching(scanner, data)]
        return min(found)[1] if found else NO_RULE

    match(WARM)
    if sys.platform == "linux" and len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 # no path is needed
        raise OSError("the rules brought a thread along")
    return match


def _matching(scanner: yara_x.Scanner, data: bytes) -> tuple[yara_x.Rule, ...]:
    return scanner.scan(data).matching_rules
