"""Query parameters that many endpoints share, and the refusal of those that an endpoint does not have."""

import difflib
from typing import Annotated, Any, Final

from fastapi import FastAPI, Query, Request

from api.auth import Caller
from api.errors import Fault, InvalidRequestError, UnknownParameterError, fault, shown

Cursor = Annotated[str | None, Query(max_length=1_000, description="the field `next` of the page before")]
Limit = Annotated[int | None, Query(ge=1, le=100_000, description="items per page; 1,000 when left out")]
Area = Annotated[str | None, Query(max_length=160, description="code or id of an area")]
Site = Annotated[str | None, Query(max_length=160, description="code or id of a site")]
Sensor = Annotated[str | None, Query(max_length=160, description="code or id of a sensor")]
Gateway = Annotated[str | None, Query(max_length=160, description="code or id of a gateway")]
From = Annotated[
    str | None, Query(alias="from", max_length=64, description="first instant; a date is local midnight")
]
To = Annotated[str | None, Query(max_length=64, description="end, not included; a date is local midnight")]
IncludeRetired = Annotated[bool, Query(description="also what is no longer in use")]

VERSION_PREFIX: Final = "/api/v1"


def page_size(limit: int | None, caller: Caller) -> int:
    """Return how many items the page has.

    Raises:
        InvalidRequestError: more than the service gives at once.
    """
    if limit is None:
        return caller.settings.page_size_default
    if limit > caller.settings.page_size_max:
        raise InvalidRequestError(fault("limit", limit, f"at most {caller.settings.page_size_max}"))
    return limit


def _parameters_by_operation(application: FastAPI) -> dict[tuple[str, str], list[str]]:
    """Return the names of the query parameters of every operation, from OpenAPI."""
    known: dict[tuple[str, str], list[str]] | None = getattr(application.state, "query_parameters", None)
    if known is not None:
        return known
    paths: dict[str, dict[str, dict[str, Any]]] = application.openapi()["paths"]
    found = {
        (method.upper(), path): [
            str(parameter["name"])
            for parameter in operation.get("parameters", ())
            if parameter["in"] == "query"
        ]
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    application.state.query_parameters = found
    return found


async def refuse_unknown_parameters(request: Request) -> None:
    """Refuse query parameters that the endpoint does not have, and any given twice.

    A misspelt filter that is ignored answers another question than the one that was asked.

    Raises:
        UnknownParameterError: a name is not known.
        InvalidRequestError: a name comes twice.
    """
    given = [name for name, _ in request.query_params.multi_items()]
    if not given:
        return
    template: str = getattr(request.scope.get("route"), "path", "")
    # A route knows its own path; the prefix under which it was mounted may or may not be part of it.
    path = template if template.startswith(VERSION_PREFIX) else VERSION_PREFIX + template
    known = _parameters_by_operation(request.app).get((request.method, path))
    if known is None:
        return
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UnknownParameterError(
            *(Fault(shown(name), shown(name), _expected(name, known)) for name in unknown)
        )
    for name in known:
        if given.count(name) > 1:
            raise InvalidRequestError(fault(name, ", ".join(request.query_params.getlist(name)), "one value"))


def _expected(name: str, known: list[str]) -> str:
    if not known:
        return "no query parameter"
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"one of {', '.join(known)}{hint}"
