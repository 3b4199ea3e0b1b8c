"""Manifests that say again what stands elsewhere: `python -m tests.deploy.derived` writes them, a test compares.

The alerts as a PrometheusRule, and what Strimzi has to make: the topics as `topics create` makes them, and the user
with what `topics acls` prints. And the shipped policy, where pods find it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from consumer.inspection.policy.policy import SHIPPED
from consumer.kafka.grants import Grant, Role, least
from consumer.kafka.topic_rules import Topic, wanted
from consumer.settings.load import load

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
NAME = "attachment-consumer"
STRIMZI = "kafka.strimzi.io/v1"
ITS_CLUSTER = {"namespace": "kafka", "labels": {"strimzi.io/cluster": "kafka"}}
LOGINS = ("GENESYS_CLIENT_ID", "GENESYS_CLIENT_SECRET", "KAFKA__SASL_USERNAME", "KAFKA__SASL_PASSWORD")
POLICY = "/etc/attachment-consumer/policy"
POLICY_HEAD = """\
# The shipped policy, for pods: change it here. They see a change after their restart, which kustomize brings about.
# `attachment-consumer check-config --diff OLD NEW` tells what it changes.
#
"""

Manifest = dict[str, Any]


def settings_env() -> dict[str, str]:
    """As the pods get them, with the policy where it stands here."""
    lines = (KUBERNETES / "settings.env").read_text().splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {name: value.replace(POLICY, str(KUBERNETES)) for name, value in pairs}


def pages() -> dict[Path, str]:
    """Each file with what has to stand in it."""
    settings = load(env={**settings_env(), **dict.fromkeys(LOGINS, "-")}, dotenv=Path("/nowhere/.env"))
    grants = least(Role.SERVICE, settings.kafka, settings.topics)
    return {
        KUBERNETES / "monitoring" / "alerts.yaml": _page("deploy/prometheus/alerts.yml", _rule()),
        KUBERNETES / "policy.toml": POLICY_HEAD + SHIPPED.read_text(),
        KUBERNETES / "strimzi" / "topics.yaml": _page(
            "what `topics create` makes", *(_topic(topic) for topic in wanted(settings.topics))
        ),
        KUBERNETES / "strimzi" / "user.yaml": _page("what `topics acls` prints", _user(grants)),
    }


def _page(source: str, *manifests: Manifest) -> str:
    text = yaml.safe_dump_all(manifests, sort_keys=False, width=10_000, allow_unicode=True)
    return f"# Made from {source} by `python -m tests.deploy.derived`: change it there.\n{text}"


def _rule() -> Manifest:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": NAME, "namespace": NAME, "labels": {"app.kubernetes.io/part-of": NAME}},
        "spec": yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text()),
    }


def _topic(topic: Topic) -> Manifest:
    spec = {
        "topicName": topic.name,
        "partitions": topic.partitions,
        "replicas": topic.replication,
        "config": {name: int(value) if value.lstrip("-").isdigit() else value for name, value in topic.configs.items()},
    }
    return {"apiVersion": STRIMZI, "kind": "KafkaTopic", "metadata": {"name": topic.name, **ITS_CLUSTER}, "spec": spec}


def _user(grants: list[Grant]) -> Manifest:
    resources = dict.fromkeys((grant.resource, grant.name, grant.prefixed) for grant in grants)
    acls = [
        {
            "resource": {
                "type": resource.value,
                "name": name,
                "patternType": "prefix" if prefixed else "literal",
            },
            "operations": [
                grant.operation.value
                for grant in grants
                if (grant.resource, grant.name, grant.prefixed) == (resource, name, prefixed)
            ],
        }
        for resource, name, prefixed in resources
    ]
    spec = {"authentication": {"type": "scram-sha-512"}, "authorization": {"type": "simple", "acls": acls}}
    return {"apiVersion": STRIMZI, "kind": "KafkaUser", "metadata": {"name": NAME, **ITS_CLUSTER}, "spec": spec}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
