"""Liveness, readiness and metrics, outside of `/api/v1`."""

from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.auth import database_of, settings_of
from api.errors import NotFoundError, fault
from api.permissions import described
from store.errors import StoreError

OUTSIDE_VERSION = True
router = APIRouter(tags=["health"])
_NOT_READY = 503


@router.get("/healthz", summary="Is the process alive", openapi_extra=described("Tiến trình còn sống"))
async def read_health() -> dict[str, str]:
    """Answer as long as the process does."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="Can it serve",
    openapi_extra=described("Sẵn sàng phục vụ"),
    responses={503: {"description": "what is missing"}},
)
async def read_readiness(request: Request, response: Response) -> dict[str, Any]:
    """Answer 200 when the database has the schema that this code needs, else 503 and what is missing."""
    wanted = request.app.state.revision_wanted
    try:
        row = await database_of(request).row("select_readiness")
    except StoreError as error:
        response.status_code = _NOT_READY
        missing = "no answer" if error.retryable else "not migrated; run nhip migrate"
        return {"status": "not ready", "database": missing}
    found: dict[str, Any] = row or {}
    if found.get("revision") != wanted:
        response.status_code = _NOT_READY
        missing = f"schema revision {found.get('revision')}, needed {wanted}; run nhip migrate"
        return {"status": "not ready", "database": missing}
    return {"status": "ok", **found}


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    openapi_extra=described("Số liệu vận hành (Prometheus)"),
)
async def read_metrics(request: Request) -> Response:
    """Return the metrics of this process in Prometheus' text form."""
    if not settings_of(request).metrics:
        raise NotFoundError(fault("address", "/metrics", "metrics switched on (NHIP_API_METRICS)"))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
