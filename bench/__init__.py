"""Benchmarks: programs that measure the platform beside the limits of what it stands on."""
