"""Measurements that back what the documents claim; see ``python -m benchmarks --help``."""
