"""The jars of Apache Kafka, exactly those that `kafka.lock` names, kept in a cache folder outside the tree.

`python -m consumer.sandbox.kafka_jars` resolves the dependencies anew and prints a lock: the only step that asks Maven
Central what there is. Everything else asks it for named files, and runs none whose SHA-256 differs from the lock.
"""

import fcntl
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import Artifact, MavenContext
from requests import RequestException

ROOTS = (
    "org.apache.kafka:kafka_2.13:4.2.1",  # 4.3.0 to 4.4.0 forget to end transactions (KAFKA-20734)
    # Kafka speaks slf4j and ships no binding for it as a dependency: without this one the broker logs nothing.
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
)
SYSTEM_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/cert.pem",  # macOS
)
LOCK = Path(__file__).with_name("kafka.lock")
DOWNLOAD_TIMEOUT = 60
"""Seconds without a byte from Maven Central before a download fails."""


class WrongJar(Exception):
    """A downloaded jar is not the one that was locked: nothing of it may run."""


class JarMissing(Exception):
    """A jar is not in the cache and cannot be downloaded from here."""


@dataclass(frozen=True, slots=True)
class LockedJar:
    coordinate: str
    sha256: str

    def is_at(self, path: Path | None) -> bool:
        return path is not None and path.is_file() and _sha256(path) == self.sha256


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/attachment-consumer`, by default under `~/.cache`. It may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "attachment-consumer"


def locked_jars() -> list[LockedJar]:
    lines = [line.split() for line in LOCK.read_text().splitlines() if not line.startswith("#")]
    return [LockedJar(coordinate, sha256) for coordinate, sha256 in lines]


def class_path(jars: Sequence[LockedJar] | None = None, repository: str = MAVEN_CENTRAL_URL) -> list[Path]:
    """Every locked jar as a verified local file; only what the cache lacks is downloaded."""
    folder = cache_folder() / "maven"
    with _one_process_at_a_time(folder):
        maven = _maven(folder, repository)
        return [_verified(jar, _artifact(maven, jar.coordinate)) for jar in jars or locked_jars()]


def _verified(jar: LockedJar, artifact: Artifact) -> Path:
    path: Path | None = artifact.cached_path
    if jar.is_at(path):
        assert path is not None
        return path
    if path is not None:
        path.unlink(missing_ok=True)  # an interrupted download leaves half a file, which jgo would take for a whole one
    try:
        downloaded = Path(artifact.resolve())
    except (RequestException, RuntimeError):  # jgo raises the second where every repository answered, and had none
        raise JarMissing(f"{jar.coordinate} is not in {cache_folder()} and cannot be downloaded here") from None
    if not jar.is_at(downloaded):
        downloaded.unlink()
        raise WrongJar(f"{jar.coordinate}: what Maven Central sent has another SHA-256 than {LOCK.name} says")
    return downloaded


def _maven(folder: Path, repository: str) -> MavenContext:
    # jgo trusts a list of authorities of its own; a network with an authority of its own is known to the system only.
    if bundle := next((path for path in SYSTEM_CERTIFICATES if Path(path).is_file()), None):
        os.environ.setdefault("REQUESTS_CA_BUNDLE", bundle)
    return MavenContext(repo_cache=folder, remote_repos={"central": repository}, timeout=DOWNLOAD_TIMEOUT)


def _artifact(maven: MavenContext, coordinate: str) -> Artifact:
    group, name, version = coordinate.split(":")
    return maven.project(group, name).at_version(version).artifact()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _one_process_at_a_time(folder: Path) -> Iterator[None]:
    """Two test runs that start on an empty cache would write the same files at once."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _resolved_anew() -> Iterator[str]:
    maven = _maven(cache_folder() / "maven", MAVEN_CENTRAL_URL)
    chosen: dict[tuple[str, str], Artifact] = {}
    # One root after the other: resolved together, the bill of materials of one decides versions of the other
    # (log4j's own put the 3.9 clients under a 4.3 broker). The first root's choice wins.
    for root in ROOTS:
        inputs, transitive = maven.resolver.resolve([maven.create_dependency(root)])
        for artifact in (dependency.artifact for dependency in (*inputs, *transitive)):
            chosen.setdefault((artifact.groupId, artifact.artifactId), artifact)
    for (group, name), artifact in sorted(chosen.items()):
        yield f"{group}:{name}:{artifact.version} {_sha256(Path(artifact.resolve()))}"


if __name__ == "__main__":
    sys.stdout.write("# Written by: python -m consumer.sandbox.kafka_jars\n")
    sys.stdout.writelines(f"{line}\n" for line in _resolved_anew())
