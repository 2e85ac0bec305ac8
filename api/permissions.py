"""Who may do what: one table, read by the check, by OpenAPI and by the tests."""

from enum import StrEnum
from typing import Any, Final


class Role(StrEnum):
    """Role of an API key."""

    VIEWER = "viewer"
    TECHNICIAN = "technician"
    OPERATOR = "operator"
    EVALUATOR = "evaluator"
    ADMIN = "admin"


class Permission(StrEnum):
    """A kind of act."""

    READ = "read"
    REGISTER = "register"  # sites, gateways, sensors, calibrations: a technician's work in the field
    MANAGE_AREAS = "manage areas"
    RETIRE_GATEWAY = "retire gateways and rotate their credentials"
    RESOLVE_QUARANTINE = "resolve quarantine"
    DECLARE_EVIDENCE = "declare interruptions and maintenance"
    SET_TARGETS = "set programmes and targets"
    SIGN_OFF = "sign off values and revise signed ones"
    READ_AUDIT = "read the audit log"
    MANAGE_KEYS = "manage API keys"


_ALL: Final = frozenset(Role)

GRANTS: Final = {
    Permission.READ: _ALL,
    Permission.REGISTER: frozenset({Role.TECHNICIAN, Role.OPERATOR, Role.ADMIN}),
    Permission.MANAGE_AREAS: frozenset({Role.OPERATOR, Role.ADMIN}),
    Permission.RETIRE_GATEWAY: frozenset({Role.OPERATOR, Role.ADMIN}),
    Permission.RESOLVE_QUARANTINE: frozenset({Role.OPERATOR, Role.ADMIN}),
    Permission.DECLARE_EVIDENCE: frozenset({Role.OPERATOR, Role.EVALUATOR, Role.ADMIN}),
    Permission.SET_TARGETS: frozenset({Role.EVALUATOR, Role.ADMIN}),
    Permission.SIGN_OFF: frozenset({Role.EVALUATOR, Role.ADMIN}),
    Permission.READ_AUDIT: frozenset({Role.OPERATOR, Role.EVALUATOR, Role.ADMIN}),
    Permission.MANAGE_KEYS: frozenset({Role.ADMIN}),
}


def described(vi: str, permission: Permission | None = None) -> dict[str, Any]:
    """Return what OpenAPI says of an operation beside its English summary.

    Args:
        vi: the summary in Vietnamese.
        permission: what the caller must be allowed; None for an operation open to everybody.
    """
    roles = sorted(GRANTS[permission]) if permission is not None else []
    return {"x-summary-vi": vi, "x-permission": permission and permission.value, "x-roles": roles}
