"""The FastAPI application: what is mounted, what surrounds it, what it needs while it runs."""

import asyncio
import pkgutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, Final

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

import api.pages
import api.routes
from api import reference
from api.database import Database
from api.errors import (
    PROBLEM_RESPONSES,
    ApiError,
    Fault,
    InternalError,
    InvalidRequestError,
    MalformedBodyError,
    NotAllowedError,
    NotFoundError,
    TooLargeError,
    fault,
    of_store,
    shown,
)
from api.middleware import Guard
from api.parameters import VERSION_PREFIX, refuse_unknown_parameters
from api.settings import ApiSettings
from api.throttle import FailureThrottle
from api.throughput import ThroughputMeter
from store import StoreSettings, open_pool
from store.errors import StoreError
from store.migrations import revision_wanted

_log = structlog.get_logger("api")
_STOP_S_MAX: Final = 2.0
_DESCRIPTION: Final = (
    "Registry, readings and explainable indicators of a city. Times are RFC 3339; `from` and `to` are "
    "half-open, a date means local midnight of the subject's area. Errors are problem+json (RFC 9457)."
)


def create_app(settings: ApiSettings, store_settings: StoreSettings) -> FastAPI:
    """Return the application; it connects to the database when it starts, and waits for one that is away."""
    pool = open_pool(store_settings, "nhip-api")
    database = Database(pool, settings.pool_wait_s_max)
    meter = ThroughputMeter(database, settings.throughput_sample_s)

    @asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncGenerator[None]:
        application.state.revision_wanted = await asyncio.to_thread(revision_wanted)
        await pool.open(wait=False)
        sampling = asyncio.create_task(meter.run(), name="throughput")
        try:
            yield
        finally:
            meter.stop()
            # A sample that waits for a database that is away does not hold up the end for long.
            await asyncio.wait({sampling}, timeout=_STOP_S_MAX)
            sampling.cancel()
            await pool.close(timeout=_STOP_S_MAX)

    application = FastAPI(
        title="Nhịp",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # the stock pages load their scripts from another server
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    application.state.settings = settings
    application.state.database = database
    application.state.meter = meter
    application.state.throttle = FailureThrottle(settings.failures_max, settings.failures_window_s)
    application.state.revision_wanted = None
    _mount(application)
    _handle_errors(application)
    application.add_middleware(Guard, settings=settings)
    return application


def _mount(application: FastAPI) -> None:
    versioned = APIRouter(
        prefix=VERSION_PREFIX, dependencies=[Depends(refuse_unknown_parameters)], responses=PROBLEM_RESPONSES
    )
    for module in sorted(pkgutil.iter_modules(api.routes.__path__), key=lambda found: found.name):
        loaded = import_module(f"api.routes.{module.name}")
        target = application if loaded.__dict__.get("OUTSIDE_VERSION", False) else versioned
        target.include_router(loaded.router)
    application.include_router(versioned)
    application.include_router(reference.router)
    application.include_router(api.pages.router())


def _handle_errors(application: FastAPI) -> None:
    async def handle_api(request: Request, error: Exception) -> Response:
        found = error if isinstance(error, ApiError) else InternalError()
        return found.response(request.url.path)

    async def handle_store(request: Request, error: Exception) -> Response:
        if not isinstance(error, StoreError):
            return InternalError().response(request.url.path)
        _log.warning("store_error", path=request.url.path, error=str(error))
        return of_store(error).response(request.url.path)

    async def handle_http(request: Request, error: Exception) -> Response:
        return _of_http(request, error).response(request.url.path)

    async def handle_validation(request: Request, error: Exception) -> Response:
        return _of_validation(error).response(request.url.path)

    application.add_exception_handler(ApiError, handle_api)
    application.add_exception_handler(StoreError, handle_store)
    application.add_exception_handler(HTTPException, handle_http)
    application.add_exception_handler(RequestValidationError, handle_validation)


def _of_http(request: Request, error: Exception) -> ApiError:
    status = error.status_code if isinstance(error, HTTPException) else InternalError.status
    detail = str(getattr(error, "detail", ""))
    headers = getattr(error, "headers", None) or {}
    if status == NotFoundError.status:
        return NotFoundError(fault("address", request.url.path, "an address listed at /docs"))
    if status == NotAllowedError.status:
        allowed = headers.get("Allow", headers.get("allow", ""))
        return NotAllowedError(f"{request.method} is not offered here; allowed: {allowed}", headers=headers)
    if status == TooLargeError.status:
        return TooLargeError(detail)
    if status == MalformedBodyError.status:
        return MalformedBodyError(detail or "the body is not JSON")
    return InternalError()


def _of_validation(error: Exception) -> ApiError:
    if not isinstance(error, RequestValidationError):
        return InternalError()
    problems: list[dict[str, Any]] = list(error.errors())
    if any(problem["type"] == "json_invalid" for problem in problems):
        return MalformedBodyError("the body is not JSON: " + str(problems[0].get("ctx", {}).get("error", "")))
    return InvalidRequestError(*(_fault(problem) for problem in problems[:50]))


def _fault(problem: dict[str, Any]) -> Fault:
    place = [str(part) for part in problem["loc"]]
    # "body", "query", "path" and "header" say where it was, not what it is.
    field = ".".join(place[1:]) or place[0]
    found = "nothing" if problem["type"] == "missing" else shown(problem.get("input"))
    expected = str(problem["msg"]).removeprefix("Value error, ").removeprefix("expected ")
    if problem["type"] == "extra_forbidden":
        expected = "no such field"
    if problem["type"] == "missing":
        expected = "a value"
    return Fault(shown(field), found, expected)
