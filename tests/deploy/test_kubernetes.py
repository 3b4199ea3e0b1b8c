"""deploy/kubernetes, built as kustomize builds it: each resource by its own schema, and of one mind with the others."""

from __future__ import annotations

import copy
import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from consumer.http.addresses import NOT_PUBLIC
from consumer.inspection.policy.difference import differences
from consumer.inspection.policy.policy import SHIPPED, Policy
from consumer.settings.load import load_with_origins, variables
from tests.deploy import kustomized
from tests.deploy.custom_resources import SCHEMAS
from tests.deploy.derived import DEPLOY, KUBERNETES, LOGINS, POLICY, Manifest, settings_env
from tests.deploy.kustomized import Twice, as_it_is, built, containers, labels_of, of_kind, pod_of

RELEASE = "1.37"  # of Kubernetes
WAYS = {"a Job": ("topics", "monitoring"), "Strimzi": ("strimzi", "monitoring")}


@pytest.fixture(params=WAYS.values(), ids=list(WAYS))
def whole(request: pytest.FixtureRequest) -> list[Manifest]:
    return built(*request.param)


def check(manifest: Manifest) -> None:
    if manifest["kind"] in SCHEMAS:
        jsonschema.Draft202012Validator(SCHEMAS[manifest["kind"]]).validate(manifest)
    else:
        kubernetes_validate.validate(manifest, RELEASE, strict=True)


def pods_in(manifests: list[Manifest]) -> list[Manifest]:
    return [one for one in manifests if pod_of(one)]


def volumes_in(manifests: list[Manifest]) -> Iterator[Manifest]:
    for one in pods_in(manifests):
        yield from pod_of(one)["volumes"]


def deployment_in(manifests: list[Manifest]) -> Manifest:
    (deployment,) = of_kind(manifests, "Deployment")
    return deployment


def test_each_resource_follows_its_schema(whole: list[Manifest]) -> None:
    assert len(whole) > 10
    for manifest in whole:
        check(manifest)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_field_that_there_is_none_of_is_found_in_each_resource(way: tuple[str, ...]) -> None:
    for manifest in built(*way):
        wrong = copy.deepcopy(manifest)
        wrong.get("spec", wrong)["imagePullPolcy"] = "Never"
        with pytest.raises(jsonschema.ValidationError):
            check(wrong)


def test_every_file_is_a_part_of_it() -> None:
    named = {
        (folder / name).resolve()
        for folder in (KUBERNETES, *(path for path in KUBERNETES.iterdir() if path.is_dir()))
        for name in yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    }
    there = {path.resolve() for path in KUBERNETES.rglob("*.yaml") if path.name != "kustomization.yaml"}
    assert {path for path in named if path.is_file()} == there
    assert {path.name for path in KUBERNETES.iterdir() if path.is_dir()} == {"base", *kustomized.CHOICES}


def test_topics_are_made_in_one_way_and_never_in_both() -> None:
    with pytest.raises(Twice, match="attachment-consumer-topics"):
        built("topics", "strimzi")
    assert len(of_kind(as_it_is(), "Job")) == 1
    assert len(of_kind(built("strimzi"), "KafkaTopic")) == 5
    assert not of_kind(built("strimzi"), "Job")


def test_each_secret_that_is_named_has_an_example_and_there_is_no_other(whole: list[Manifest]) -> None:
    named = {volume["secret"]["secretName"] for volume in volumes_in(whole) if "secret" in volume}
    examples = {one["metadata"]["name"]: one["stringData"] for one in of_kind(whole, "Secret")}
    assert examples.keys() == named
    assert all(keys.keys() <= set(variables()) for keys in examples.values())


def test_each_config_map_that_is_named_is_there_or_may_be_missing(whole: list[Manifest]) -> None:
    there = {one["metadata"]["name"] for one in of_kind(whole, "ConfigMap")}
    mounted = [volume["configMap"] for volume in volumes_in(whole) if "configMap" in volume]
    variables_of = {
        source["configMapRef"]["name"]
        for one in pods_in(whole)
        for container in containers(one)
        for source in container["envFrom"]
    }
    assert {one["name"] for one in mounted if not one.get("optional")} | variables_of <= there
    assert {one["name"] for one in mounted if one.get("optional")} == {"attachment-consumer-ca"}


def test_the_settings_and_secrets_are_all_that_the_service_needs(tmp_path: Path) -> None:
    (secret,) = (one for one in of_kind(as_it_is(), "Secret") if one["metadata"]["name"] == "attachment-consumer")
    assert set(secret["stringData"]) == set(LOGINS)
    for name, value in secret["stringData"].items():
        (tmp_path / name).write_text(value)
    loaded = load_with_origins(env={**settings_env(), "SECRETS_DIR": str(tmp_path)}, dotenv=tmp_path / ".env")
    assert not loaded.unknown
    assert "image/png" in loaded.settings.inspection.policy_file.read_text()  # type: ignore[union-attr] # it is set


def test_policy_and_authorities_stand_where_the_settings_say(whole: list[Manifest]) -> None:
    said = (KUBERNETES / "settings.env").read_text()
    for one in pods_in(whole):
        volumes = {volume["name"]: volume for volume in pod_of(one)["volumes"]}
        (container,) = containers(one)
        mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
        assert mounts[POLICY]["configMap"]["name"] == "attachment-consumer-policy"
        assert mounts["/etc/attachment-consumer/ca"]["configMap"]["name"] == "attachment-consumer-ca"
        (secrets,) = (entry["value"] for entry in container["env"] if entry["name"] == "SECRETS_DIR")
        assert "secret" in mounts[secrets]
    assert re.search(rf"^INSPECTION__POLICY_FILE={POLICY}/policy.toml$", said, re.MULTILINE)
    assert re.search(r"^#KAFKA__CA_FILE=/etc/attachment-consumer/ca/ca.crt$", said, re.MULTILINE)


def test_the_policy_of_the_pods_judges_as_the_shipped_one() -> None:
    assert differences(Policy.load(SHIPPED), Policy.load(KUBERNETES / "policy.toml")) == ()


def test_no_pod_has_privileges_and_each_may_hold_itself_in_further(whole: list[Manifest]) -> None:
    for one in pods_in(whole):
        assert pod_of(one)["automountServiceAccountToken"] is False
        assert pod_of(one)["securityContext"]["runAsNonRoot"] is True
        assert pod_of(one)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(one):
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["readOnlyRootFilesystem"] is True
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert not security["privileged"] and "seccompProfile" not in security


def test_the_operator_finds_the_pods_of_the_service_and_calls_the_job_by_its_name(whole: list[Manifest]) -> None:
    (monitor,) = of_kind(whole, "PodMonitor")
    selected = monitor["spec"]["selector"]["matchLabels"].items()
    assert [one["kind"] for one in pods_in(whole) if selected <= labels_of(one).items()] == ["Deployment"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    (container,) = containers(deployment_in(whole))
    assert endpoint["port"] in {port["name"] for port in container["ports"]}
    (job,) = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    assert labels_of(deployment_in(whole))[monitor["spec"]["jobLabel"]] == job["job_name"]


def test_the_network_policy_holds_each_pod(whole: list[Manifest]) -> None:
    (policy,) = of_kind(whole, "NetworkPolicy")
    selected = policy["spec"]["podSelector"]["matchLabels"].items()
    assert all(selected <= labels_of(one).items() for one in pods_in(whole))
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


def _egress(port: int) -> tuple[list[dict[str, Any]], set[str]]:
    """To whom a port is open, and by which protocols."""
    (policy,) = of_kind(as_it_is(), "NetworkPolicy")
    rules = [
        rule
        for rule in policy["spec"]["egress"]
        if any(one["port"] <= port <= one.get("endPort", one["port"]) for one in rule["ports"])
    ]
    return (
        [peer for rule in rules for peer in rule["to"]],
        {one["protocol"] for rule in rules for one in rule["ports"]},
    )


def test_names_and_kafka_are_reached() -> None:
    assert _egress(53)[1] == {"UDP", "TCP"}
    servers = settings_env()["KAFKA_BOOTSTRAP_SERVERS"]
    host, _, port = servers.partition(":")
    peers, protocols = _egress(int(port))
    assert protocols == {"TCP"}
    namespace = host.split(".")[1]
    assert peers == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}]


def test_https_reaches_the_world_and_no_private_address() -> None:
    peers, protocols = _egress(443)
    assert protocols == {"TCP"}
    blocks = [peer["ipBlock"] for peer in peers]
    assert {block["cidr"] for block in blocks} == {"0.0.0.0/0", "::/0"}
    left_out = [ipaddress.ip_network(cidr) for block in blocks for cidr in block["except"]]
    inside = ("private", "loopback", "link-local", "shared by carriers", "unique local")
    ours = [network for network, what in NOT_PUBLIC if what.startswith(inside)]
    assert len(ours) > 5
    wrong = [
        network
        for network in ours
        if not any(network.version == one.version and network.subnet_of(one) for one in left_out)  # type: ignore[arg-type] # one version
    ]
    assert not wrong


def test_one_place_says_which_image_runs_by_tag_or_by_digest() -> None:
    text = (KUBERNETES / "kustomization.yaml").read_text()
    (example,) = re.findall(r"^#     digest: (sha256:[0-9a-f]{64})$", text, re.MULTILINE)
    (image,) = yaml.safe_load(text)["images"]
    for one in pods_in(built("topics")):
        (container,) = containers(one)
        assert container["image"] == f"{image['newName']}:{image['newTag']}"
    with_digest = {"name": image["name"], "newName": image["newName"], "digest": example}
    assert kustomized._image(image["name"], [with_digest]) == f"{image['newName']}@{example}"
    assert not [path for path in KUBERNETES.rglob("*/*.yaml") if image["newName"] in path.read_text()]
