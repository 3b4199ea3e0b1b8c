"""Which messages with files have no answer, asked of the API: a look from outside Kafka. Read `reconcile` first."""
