"""What went wrong with Kafka, in words: what it means, and what an operator has to do about it."""

from __future__ import annotations

from aiokafka import errors

from consumer.errors import Refused
from consumer.model import Condition

SLOW = (
    "no answer in time: fewer replicas are in sync than a topic wants, or a coordinator or the leader of a partition "
    "does not answer"
)
NOT_REACHED = "a broker that is needed can't be reached"
MOVES = "its coordinator is moving to another broker"
NO_LEADER = "a partition has no leader at the moment"
TOO_FEW = "fewer replicas are in sync than min.insync.replicas of a topic: bring its brokers back"
FENCED = "another producer took over, or a transaction took longer than it may"
LOGIN = "the brokers do not accept the login: check KAFKA__SASL_USERNAME and KAFKA__SASL_PASSWORD"
TOO_OLD = (
    "the brokers are too old for what is asked of them: upgrade them. The demo's embedded broker is one of these; "
    "`demo --broker kafka --keep` starts a real one"
)


def explain(error: BaseException) -> str:
    """A sentence; where there is none, only the kind of the error: its text may hold anything."""
    return _SENTENCES.get(type(error), type(error).__name__)


def condition_of(error: BaseException) -> Condition:
    """Whether Kafka refuses us as we are set up, or is away: a connection that fails may be either, and counts as
    away, since a broker that restarts looks like a wrong address."""
    return Condition.KAFKA_REFUSED if isinstance(error, _REFUSALS) else Condition.KAFKA_AWAY


_REFUSALS = (
    Refused,
    errors.UnknownTopicOrPartitionError,
    errors.GroupAuthorizationFailedError,
    errors.TopicAuthorizationFailedError,
    errors.TransactionalIdAuthorizationFailed,
    errors.ClusterAuthorizationFailedError,
    errors.InvalidSessionTimeoutError,
    errors.InvalidTransactionTimeout,
    errors.SaslAuthenticationFailed,
    errors.AuthenticationFailedError,
)

LACKING = (
    "KAFKA__SASL_USERNAME lacks a right on it. `topics acls` prints what each role needs: service to run, operator for "
    "dead letters, support for `explain`"
)

_SENTENCES: dict[type[BaseException], str] = {
    errors.KafkaConnectionError: "no broker answers at KAFKA_BOOTSTRAP_SERVERS. A wrong address, a wrong password, a "
    "wrong CA and a wrong mechanism all look like this",
    errors.GroupAuthorizationFailedError: f"the group may not be used: {LACKING}",
    errors.TopicAuthorizationFailedError: f"a topic may not be used: {LACKING}",
    errors.TransactionalIdAuthorizationFailed: "no transaction is allowed: grant KAFKA__SASL_USERNAME WRITE on the "
    "transactional ids that begin with the name of the tasks topic",
    errors.ClusterAuthorizationFailedError: "the brokers allow KAFKA__SASL_USERNAME less than it needs: see the ACLs "
    "in the documentation",
    errors.UnknownTopicOrPartitionError: "a topic is gone: run `topics create`",
    errors.InvalidSessionTimeoutError: "KAFKA__SESSION_TIMEOUT_MS is not within what the brokers allow",
    errors.InvalidTransactionTimeout: "KAFKA__TRANSACTION_TIMEOUT_MS is longer than the brokers allow",
    errors.InvalidReplicationFactorError: "there are fewer brokers than replicas asked for: see TOPICS__REPLICATION",
    errors.KafkaStorageError: "a broker can't use its disk",
    TimeoutError: SLOW,
    errors.RequestTimedOutError: SLOW,
    errors.KafkaTimeoutError: SLOW,
    errors.NodeNotReadyError: NOT_REACHED,
    errors.StaleMetadata: NOT_REACHED,
    errors.BrokerNotAvailableError: NOT_REACHED,
    errors.NoBrokersAvailable: NOT_REACHED,
    ConnectionResetError: NOT_REACHED,
    ConnectionRefusedError: NOT_REACHED,
    errors.CoordinatorNotAvailableError: MOVES,
    errors.CoordinatorLoadInProgressError: MOVES,
    errors.NotCoordinatorError: MOVES,
    errors.LeaderNotAvailableError: NO_LEADER,
    errors.NotLeaderForPartitionError: NO_LEADER,
    errors.ReplicaNotAvailableError: NO_LEADER,
    errors.NotEnoughReplicasError: TOO_FEW,
    errors.NotEnoughReplicasAfterAppendError: TOO_FEW,
    errors.ProducerFenced: FENCED,
    errors.InvalidProducerEpoch: FENCED,
    errors.SaslAuthenticationFailed: LOGIN,
    errors.AuthenticationFailedError: LOGIN,
    errors.UnsupportedVersionError: TOO_OLD,
    errors.IncompatibleBrokerVersion: TOO_OLD,
}
