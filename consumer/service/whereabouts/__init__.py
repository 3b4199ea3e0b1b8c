"""Where a customer's file is, told from what Kafka holds. Read `stories` first: `gathered` finds, it understands."""
