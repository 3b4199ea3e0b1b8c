"""What the service has around it: the storage, the antivirus, and what holds its workers in."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from consumer.inspection.antivirus import open_scanner
from consumer.inspection.workers.pool import LibmagicMissing, WorkersNotStarted
from consumer.service.assembly import files_in_force, workers_of
from consumer.service.doctor.lines import CheckLine, Outcome, not_checked, tried_line
from consumer.settings.model import Settings, StorageSettings
from consumer.storage.opening import is_folder, open_store, place_to_be_made
from consumer.telemetry.reporter import Reporter

OLD_DAYS = 7  # signatures come several times a day
NO_ANTIVIRUS = not_checked(
    "antivirus", "asking the antivirus", "ANTIVIRUS__ADDRESS is not set", "set it, if files are to be scanned as well"
)
CONTAINERS = "SECURITY.md tells what each container runtime needs"


async def look_at_storage(settings: Settings, until: float) -> list[CheckLine]:
    storage = settings.storage
    lines = [await _written("storage", storage.url, storage, until)]
    if storage.quarantine_url is not None:
        lines.append(await _written("storage.quarantine", storage.quarantine_url, storage, until))
    return lines


async def _written(check: str, url: str, settings: StorageSettings, until: float) -> CheckLine:
    """A folder that is not there stays away: only `run` makes it."""
    if is_folder(url) and (place := place_to_be_made(url)):
        return _to_be_made(check, url, place)
    tried, remedy = f"writing an empty object to {url}", "check its address, its credentials and their permissions"

    async def write() -> CheckLine | str:
        try:
            store = open_store(url, settings)
        except ValueError as wrong:
            return CheckLine(check, Outcome.WRONG, tried, str(wrong), remedy)
        try:
            came = await store.tried()
        finally:
            await store.aclose()
        besides = [word for word, works in (("read", came.reads), ("deleted", came.deletes)) if works]
        return f"written; it may be {' and '.join(besides) or 'neither read nor deleted'}, which `run` does not need"

    return await tried_line(check, tried, write, until=until, remedy=remedy)


def _to_be_made(check: str, url: str, place: Path) -> CheckLine:
    tried = f"looking whether {url} is there"
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        came = f"not yet: `run` makes it in {place}, which may be written to"
        return CheckLine(check, Outcome.FINE, tried, came)
    came = f"it is not, and the folder can't be made in {place}"
    return CheckLine(check, Outcome.WRONG, tried, came, "let the service write there, or name another")


async def look_at_antivirus(settings: Settings, until: float) -> list[CheckLine]:
    scanner = open_scanner(settings.antivirus)
    if scanner is None:
        return [NO_ANTIVIRUS]
    told: list[str] = []

    async def ask() -> str:
        told.append(await scanner.probe())
        return f"it is {told[0]}"

    try:
        tried = f"asking {settings.antivirus.address} for its version"
        answer = await tried_line(
            "antivirus", tried, ask, until=until, remedy="start it, or correct ANTIVIRUS__ADDRESS"
        )
    finally:
        await scanner.aclose()
    return [answer, age_of_signatures(told[0] if told else "", datetime.now())]  # clamd tells its local time


def age_of_signatures(version: str, now: datetime) -> CheckLine:
    """`1.4.3/27800/Mon Nov 23 08:00:00 2026`: engine, signatures, and when those were made."""
    check, tried = "antivirus.signatures", "comparing the date of its signatures"
    try:
        made = datetime.strptime(version.split("/", 2)[2], "%a %b %d %H:%M:%S %Y")  # as above
    except (IndexError, ValueError):
        return not_checked(check, tried, "it does not tell of when they are", "see it at the antivirus")
    days = (now - made).days
    if days > OLD_DAYS:
        return CheckLine(
            check, Outcome.WRONG, tried, f"they are {days} days old", "see why freshclam brings no newer ones"
        )
    return CheckLine(check, Outcome.FINE, tried, f"they are of {made:%Y-%m-%d}")


async def look_at_workers(settings: Settings, reporter: Reporter, until: float) -> list[CheckLine]:
    confinement = settings.inspection.confinement
    tried = f"starting workers, and attacks from inside one (confinement {confinement})"

    async def start() -> CheckLine | str:
        try:
            async with workers_of(settings, files_in_force(settings, reporter), reporter, patient=False):
                pass
        except LibmagicMissing as missing:
            return CheckLine("workers", Outcome.WRONG, tried, str(missing), "install libmagic")
        except WorkersNotStarted as failed:
            return CheckLine("workers", Outcome.WRONG, tried, str(failed), CONTAINERS)
        if confinement == "none":
            remedy = "set INSPECTION__CONFINEMENT to seccomp or full"
            return CheckLine("workers", Outcome.WARNING, tried, "they start, and nothing holds them in", remedy)
        return "they are held in"

    return [await tried_line("workers", tried, start, until=until, remedy=CONTAINERS)]
