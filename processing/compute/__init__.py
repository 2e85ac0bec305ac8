"""Indicators and kernels computed from files: no database, no broker, the same arithmetic as the service.

Errors:
    ComputeError: something that the user can put right; one line says what was found and what was expected.
"""
