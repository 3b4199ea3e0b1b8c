"""The second loop: tasks to answers, each exactly once."""
