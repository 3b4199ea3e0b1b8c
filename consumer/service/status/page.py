"""The status page: one document that needs nothing else, and may do nothing else. Pure.

It tells neither ids nor names: no detail of a condition, and of topics only which loop reads them.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from itertools import groupby

from consumer.service.status.shown import LimitUse, Partition, Process, ShownCondition, View
from consumer.service.status.words import NONE_NOW, NOT_KNOWN, number, percent, size, span

STYLE = """
:root { color-scheme: light dark; --line: #d5d9df; --dim: #5c6570; --page: #f5f6f8; --card: #fff; --text: #14181d;
  --good: #17713a; --odd: #8a5a00; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --line: #353c45; --dim: #9aa4b0; --page: #101317; --card: #191d23;
  --text: #e8ebef; --good: #62c584; --odd: #e0a93b; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.45 system-ui, sans-serif; }
main, footer { max-width: 72rem; margin: 0 auto; padding: 1rem; }
footer, .dim, caption + thead { color: var(--dim); }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; margin-bottom: 1rem; }
h1 { font-size: 1.25rem; margin: 0; }
.state { font-weight: 600; padding: .1rem .6rem; border: 1px solid currentColor; border-radius: 1rem; }
.good { color: var(--good); } .odd { color: var(--odd); } .bad { color: var(--bad); }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(21rem, 100%), 1fr)); }
.cards { align-items: start; } .cards + .cards { margin-top: 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem;
  overflow-x: auto; }
.facts { display: grid; gap: .5rem 1rem; grid-template-columns: repeat(auto-fit, minmax(min(13rem, 45%), 1fr));
  margin: 0; }
.facts dt { color: var(--dim); font-size: .8rem; } .facts dd { margin: 0; font-weight: 600; }
.held { border-left: .3rem solid currentColor; margin-bottom: .75rem; }
.held p { margin: .2rem 0 0; color: var(--text); } .held h2 { margin: 0; }
h2, caption { font-size: 1rem; font-weight: 600; text-align: left; padding: 0 0 .35rem; color: var(--text); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { font-weight: 400; text-align: left; } thead th { font-size: .8rem; color: var(--dim); }
td, thead th + th { text-align: right; white-space: nowrap; padding-left: .75rem; }
tbody tr { border-top: 1px solid var(--line); } tbody th { overflow-wrap: break-word; }
.reason th { padding-left: 1rem; color: var(--dim); }
meter { width: 5rem; vertical-align: middle; }
#old:empty { display: none; }
"""

SCRIPT = """
const old = document.getElementById("old");
async function renew() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    if (!answer.ok) throw new Error();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector("main").replaceWith(document.adoptNode(fresh.querySelector("main")));
    document.title = fresh.title;
    old.textContent = "";
  } catch {
    if (!old.textContent) old.textContent = "It does not answer since " + new Date().toLocaleTimeString() +
      ": what stands below is older.";
  }
}
setInterval(renew, 2000);
"""


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_hash(STYLE)}",
        f"script-src {_hash(SCRIPT)}",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

STATES = {"ready": "good", "waiting": "odd", "starting": "odd"}
EFFECTS = {"stops": "bad", "waits": "odd", "warns": "odd"}


def page(view: View) -> str:
    """Of one process."""
    (process,) = view.processes
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(process.state)}: attachment consumer</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<p id="old" class="bad" role="alert"></p>
<main>
{"".join(_main(view, process))}
</main>
<footer>Renewed every two seconds. The details of a condition are in <code>/readyz</code> and
<code>attachment-consumer top</code>.</footer>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _main(view: View, process: Process) -> Iterator[str]:
    at = datetime.fromtimestamp(view.at, UTC)
    colour = STATES.get(process.state, "bad")
    yield f'<header><h1>Attachment consumer</h1><span class="state {colour}">{escape(process.state)}</span>'
    yield f'<span class="dim">{at:%H:%M:%S} UTC, rates over the last {span(view.over_s)}</span></header>'
    for _, alike in groupby(view.conditions, key=lambda held: held.condition):
        yield _condition(list(alike))
    if not view.conditions:
        yield '<p class="good">No condition holds.</p>'
    yield f'<div class="cards">{_facts(view, process)}</div><div class="cards">'
    yield _answers(view)
    yield f'<div class="cards">{_limits(view.limits)}{_kinds(view)}</div>'
    yield _partitions(view.partitions)
    yield "</div>"


def _condition(alike: Sequence[ShownCondition]) -> str:
    """One card, for however many partitions, loops or hosts it holds."""
    held = alike[0]
    began = min((one.since for one in alike if one.since is not None), default=None)
    since = "" if began is None else f", since {datetime.fromtimestamp(began, UTC):%Y-%m-%d %H:%M:%S} UTC"
    several = f", for {len(alike)}" if len(alike) > 1 else ""
    return (
        f'<section class="card held {EFFECTS.get(held.effect, "odd")}"><h2>{escape(held.sentence)}</h2>'
        f'<p class="dim">{escape(held.condition)}, {escape(held.effect)}{several}{since}</p>'
        f"<p>What to do: {_with_code(held.remedy)}</p></section>"
    )


def _with_code(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _facts(view: View, process: Process) -> str:
    spare = NOT_KNOWN
    if process.spare_per_s is not None:
        spare = f"{number(process.spare_per_s)} more files a second; then full: {process.spare_by}"
    answered = NONE_NOW
    if view.half_within_s is not None and view.nearly_all_within_s is not None:
        answered = f"half in {span(view.half_within_s)}, 99 of 100 in {span(view.nearly_all_within_s)}"
    calls = NONE_NOW if view.calls_per_attachment is None else number(view.calls_per_attachment)
    letters = NOT_KNOWN if view.open_letters is None else "none"
    if view.open_letters:
        letters = f"{number(view.open_letters)}, the oldest for {span(view.oldest_letter_s)}"
    told = {
        "room for": spare,
        "from event to answer": answered,
        "API calls an attachment": calls,
        "dead letters open": letters,
        "up": span(process.up_s),
        "CPU": percent(process.cpu_share),
        "memory": size(process.memory_bytes),
        "version": process.version,
    }
    rows = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in told.items())
    return f'<dl class="card facts">{rows}</dl>'


def _table(caption: str, columns: Sequence[str], rows: Iterable[str]) -> str:
    """The first column names what a row is about."""
    heads = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "".join(rows) or f'<tr><th colspan="{len(columns)}" class="dim">none</th></tr>'
    return (
        f'<section class="card"><table><caption>{caption}</caption><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></section>"
    )


def _row(name: str, cells: Iterable[str], kind: str = "") -> str:
    """`cells` are HTML."""
    of_kind = f' class="{kind}"' if kind else ""
    return f'<tr{of_kind}><th scope="row">{escape(name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _answers(view: View) -> str:
    rows = [
        _row(
            count.reason or count.verdict, (number(count.per_s), number(count.total)), "reason" if count.reason else ""
        )
        for count in view.counts
    ]
    return _table("Answers", ("", "a second", "in all"), rows)


def _limits(limits: Sequence[LimitUse]) -> str:
    rows = []
    for limit in limits:
        told = size if limit.unit else number
        meter = f'<meter value="{limit.share:.3f}" low="0.8" high="0.95" optimum="0">{percent(limit.share)}</meter>'
        rows.append(_row(limit.what, (f"{told(limit.taken)} / {told(limit.most)}", meter)))
    return _table("Limits", ("", "taken / of", ""), rows)


def _kinds(view: View) -> str:
    rows = [_row(kind.kind, (size(kind.files_bytes), span(kind.cpu_s), span(kind.cpu_s_per_mb))) for kind in view.kinds]
    return _table("Examining, since the start", ("", "bytes", "CPU", "CPU a MB"), rows)


def _partitions(partitions: Sequence[Partition]) -> str:
    rows = [
        _row(
            f"{row.loop}\u00a0{row.partition}",
            (
                number(row.lag),
                span(row.waits_s),
                f"{number(row.uncommitted)} / {number(row.window)}" if row.window else "",
                size(row.outbox_bytes) if row.outbox_budget else "",
            ),
        )
        for row in partitions
    ]
    return _table("Partitions", ("", "lag", "waits", "window", "outbox"), rows)
