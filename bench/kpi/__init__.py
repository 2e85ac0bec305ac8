"""Benchmarks of what makes indicators: kernels, and reading what is stored."""
