"""What a Prometheus would have seen of processes, as series in the notation of promtool. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from prometheus_client.parser import text_string_to_metric_families

NAME = re.compile(r"\battachment_consumer_\w+")
BUCKET = re.compile(r'(\w+_bucket)\{le="([^"]*)"\}')

Series = tuple[str, tuple[tuple[str, str], ...]]


class Recording:
    """One scrape after the other, of each instance; None where it did not answer."""

    def __init__(self, expressions: Iterable[str]) -> None:
        """`expressions`: only what they ask for is kept."""
        told = "\n".join(expressions)
        self._names = frozenset(NAME.findall(told))
        self._buckets = frozenset(BUCKET.findall(told))
        self._series: dict[Series, dict[int, float]] = {}
        self.scrapes = 0

    def scraped(self, answers: Mapping[str, str | None]) -> None:
        for instance, text in answers.items():
            self._note("up", {"instance": instance}, float(text is not None))
            for family in text_string_to_metric_families(text or ""):
                for sample in family.samples:
                    if sample.name in self._names and self._is_asked_for(sample.name, sample.labels):
                        self._note(sample.name, {**sample.labels, "instance": instance}, sample.value)
        self.scrapes += 1

    def _is_asked_for(self, name: str, labels: Mapping[str, str]) -> bool:
        return "le" not in labels or (name, labels["le"]) in self._buckets

    def _note(self, name: str, labels: Mapping[str, str], value: float) -> None:
        self._series.setdefault((name, tuple(sorted(labels.items()))), {})[self.scrapes] = value

    def lines(self) -> Iterator[tuple[str, str]]:
        """Each series, and its values: `1x3` is 1 and three more, `_x3` three that are missing. What a process no
        longer tells of is stale at once, as in Prometheus."""
        for (name, labels), values in sorted(self._series.items()):
            told = ", ".join(f'{label}="{value}"' for label, value in labels)
            yield f"{name}{{{told}}}", " ".join(_runs([values.get(number) for number in range(self.scrapes)]))


def _runs(values: list[float | None]) -> Iterator[str]:
    there = False
    for value, run in groupby(values):
        count = len(list(run))
        if value is None:
            if there:
                yield "stale"
                count -= 1
            if count:
                yield f"_x{count}"
        else:
            number = f"{value:.6g}" if value < 1e9 else f"{value:.0f}"
            yield number if count == 1 else f"{number}x{count - 1}"
        there = value is not None
