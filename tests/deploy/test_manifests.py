"""compose file, Kubernetes manifests and Dockerfile: valid, of one mind with the settings, and without privileges."""

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from jsonschema.validators import validator_for

from consumer.sandbox.arrangement import environment
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.world import World
from consumer.settings.load import load, load_with_origins

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
KUBERNETES = ROOT / "deploy" / "kubernetes"
NO_DOTENV = Path("/nowhere/.env")


def _compose() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE.read_text()))


def _manifest(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((KUBERNETES / "base" / name).read_text()))


def _pod() -> dict[str, Any]:
    return dict(_manifest("deployment.yaml")["spec"]["template"]["spec"])


def _container() -> dict[str, Any]:
    (container,) = _pod()["containers"]
    return dict(container)


def test_the_compose_file_follows_the_schema() -> None:
    spec = find_spec("check_jsonschema")  # read, not run: that takes seconds
    assert spec is not None
    assert spec.origin is not None
    schema = json.loads((Path(spec.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json").read_bytes())
    assert [error.message for error in validator_for(schema)(schema).iter_errors(_compose())] == []


def test_the_compose_file_gives_settings_that_the_service_takes() -> None:
    settings = load(env=_compose()["x-service"]["environment"], dotenv=NO_DOTENV)
    assert settings.kafka.bootstrap_servers == "kafka:19092"
    assert settings.download.allowed_origins == ("http://emulator:8080",)


def test_the_compose_file_says_of_the_emulator_what_the_emulator_says_of_itself() -> None:
    told = environment(Emulator(World([])), base_url="http://emulator:8080")
    theirs = load(env={**told, "KAFKA_BOOTSTRAP_SERVERS": "kafka:19092"}, dotenv=NO_DOTENV)
    ours = load(env=_compose()["x-service"]["environment"], dotenv=NO_DOTENV)
    assert ours.genesys.model_copy(update={"calls_per_minute": theirs.genesys.calls_per_minute}) == theirs.genesys
    assert ours.download.allowed_hosts == theirs.download.allowed_hosts
    assert ours.download.allowed_origins == theirs.download.allowed_origins


def test_the_compose_file_names_no_setting_that_does_not_exist() -> None:
    assert not load_with_origins(env=_compose()["x-service"]["environment"], dotenv=NO_DOTENV).unknown


def test_one_service_of_the_compose_file_builds_the_image_before_the_others_need_it() -> None:
    services = {name: one for name, one in _compose()["services"].items() if one["image"] == "attachment-consumer"}
    assert len(services) > 3
    (builder,) = [name for name, one in services.items() if "build" in one]
    assert {one["pull_policy"] for one in services.values()} == {"never"}, "no registry has it"
    started_by_up = {name: one for name, one in services.items() if "profiles" not in one and name != builder}
    assert all(
        one["depends_on"][builder] == {"condition": "service_completed_successfully"} for one in started_by_up.values()
    )


def test_compose_ports_are_open_on_this_machine_only() -> None:
    ports = [port for service in _compose()["services"].values() for port in service.get("ports", [])]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)


def test_every_file_that_the_compose_file_mounts_is_there() -> None:
    mounted = [
        volume.split(":")[0]
        for service in _compose()["services"].values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    ]
    assert mounted and all((ROOT / path).exists() for path in mounted)


def test_the_probes_ask_where_the_service_answers() -> None:
    container = _container()
    (port,) = (port for port in container["ports"] if port["name"] == "metrics")
    assert port["containerPort"] == 9464
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/livez",
        "liveness": "/livez",
        "readiness": "/readyz",
    }
    assert {probe["port"] for probe in probes.values()} == {"metrics"}


def test_the_pod_has_time_to_drain() -> None:
    settings = load(env=_compose()["x-service"]["environment"], dotenv=NO_DOTENV)
    assert _pod()["terminationGracePeriodSeconds"] >= 30
    assert settings.kafka.drain_s + 10 <= _pod()["terminationGracePeriodSeconds"]


def test_the_image_runs_as_the_user_that_the_pod_asks_for_and_hears_signals() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    security = _pod()["securityContext"]
    assert f"USER {security['runAsUser']}:{security['runAsGroup']}" in lines
    assert 'ENTRYPOINT ["attachment-consumer"]' in lines
    assert 'CMD ["run"]' in lines


def test_the_image_is_built_with_the_uv_that_setup_uses() -> None:
    version = re.search(r"^UV_VERSION=(\S+)$", (ROOT / "deploy" / "setup.sh").read_text(), re.MULTILINE)
    assert version and f"astral-sh/uv:{version[1]} " in (ROOT / "deploy" / "Dockerfile").read_text()
