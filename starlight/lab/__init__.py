"""Benchmarks: what is measured, apart from the scripts that print it."""
