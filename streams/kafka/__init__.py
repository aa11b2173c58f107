"""Kafka as everybody but the worker uses it: connections, topics, readers, a local broker."""
