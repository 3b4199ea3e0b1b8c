"""What every client of Kafka needs, and what aiokafka leaves undone for it."""
