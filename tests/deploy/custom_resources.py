"""Schemas of the custom resources that our manifests use, with the fields that they use and no other ones.

Written after the definitions of these versions, both Apache-2.0: Strimzi 1.2.0 (`packaging/install/cluster-operator`,
`kafka.strimzi.io/v1`) and Prometheus Operator 0.93 (`example/prometheus-operator-crd`, `monitoring.coreos.com/v1`).
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

STRING: Schema = {"type": "string", "minLength": 1}
COUNT: Schema = {"type": "integer", "minimum": 1}
DURATION: Schema = {"type": "string", "pattern": r"^(0|([0-9]+(ms|s|m|h|d|w|y))+)$"}
WORDS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}


def one_of(*values: str) -> Schema:
    return {"enum": list(values)}


def list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def closed(needed: Schema, **others: Schema) -> Schema:
    """With these fields and no others: a misspelt one is an error."""
    properties = {**needed, **others}
    return {"type": "object", "properties": properties, "required": list(needed), "additionalProperties": False}


def resource(version: str, kind: str, spec: Schema) -> Schema:
    metadata = closed({"name": STRING, "namespace": STRING}, labels=WORDS)
    return closed({"apiVersion": {"const": version}, "kind": {"const": kind}, "metadata": metadata, "spec": spec})


TOPIC = closed(
    {"topicName": STRING, "partitions": COUNT, "replicas": COUNT},
    config={"type": "object", "additionalProperties": {"type": ["string", "integer"]}},
)
OPERATIONS = (
    "Read", "Write", "Delete", "Alter", "Describe", "All", "IdempotentWrite", "ClusterAction", "Create", "AlterConfigs",
    "DescribeConfigs",
)  # fmt: skip
ACL = closed(
    {
        "resource": closed(
            {"type": one_of("topic", "group", "cluster", "transactionalId")},
            name=STRING,
            patternType=one_of("literal", "prefix"),
        ),
        "operations": list_of(one_of(*OPERATIONS)),
    },
    host=STRING,
    type=one_of("allow", "deny"),
)
USER = closed(
    {},
    authentication=closed({"type": one_of("tls", "tls-external", "scram-sha-512")}),
    authorization=closed({"type": one_of("simple"), "acls": list_of(ACL)}),
)
POD_MONITOR = closed(
    {"selector": closed({}, matchLabels=WORDS)},
    jobLabel=STRING,
    podMetricsEndpoints=list_of(closed({}, port=STRING, path=STRING, interval=DURATION)),
)
RULE = closed(
    {"expr": STRING},
    alert=STRING,
    record=STRING,
    **{"for": DURATION},
    labels=WORDS,
    annotations=WORDS,
    keep_firing_for=DURATION,
)
PROMETHEUS_RULE = closed({}, groups=list_of(closed({"name": STRING}, interval=DURATION, rules=list_of(RULE))))

STRIMZI, OPERATOR = "kafka.strimzi.io/v1", "monitoring.coreos.com/v1"
SCHEMAS: dict[str, Schema] = {
    "KafkaTopic": resource(STRIMZI, "KafkaTopic", TOPIC),
    "KafkaUser": resource(STRIMZI, "KafkaUser", USER),
    "PodMonitor": resource(OPERATOR, "PodMonitor", POD_MONITOR),
    "PrometheusRule": resource(OPERATOR, "PrometheusRule", PROMETHEUS_RULE),
}
