"""Benchmarks: `python -m tests.bench` measures each figure against its floor, in one run."""
