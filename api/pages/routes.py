"""Addresses of the pages and of their static files."""

from __future__ import annotations

import json
from typing import Annotated, Final

from fastapi import APIRouter, Path
from starlette.requests import Request  # noqa: TC002 # FastAPI reads the annotation at run time
from starlette.responses import HTMLResponse, Response

from api.pages import assets
from api.pages.language import chosen_language
from api.pages.rendering import page
from api.pages.texts import TEXTS

# Served at an address of its own: a worker may only rule over pages below its own path.
_WORKER: Final = "js/worker.js"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_PAGES: Final = {
    "/": "start",
    "/register": "register",
    "/indicators": "indicators",
    "/gateways": "gateways",
    "/quarantine": "quarantine",
    "/login": "login",
}


def router() -> APIRouter:
    """Return the routes of all pages; they need nothing from the application but the JSON API beside them."""
    routes = APIRouter(include_in_schema=False)
    for address, template in _PAGES.items():
        _add_page(routes, address, template)
    routes.add_api_route("/static/{version}/{path:path}", _static, methods=["GET", "HEAD"])
    routes.add_api_route("/register-worker.js", _worker, methods=["GET"])
    routes.add_api_route("/manifest.webmanifest", _manifest, methods=["GET"])
    routes.add_api_route("/favicon.ico", _icon, methods=["GET"])
    return routes


def _add_page(routes: APIRouter, address: str, template: str) -> None:
    async def show(request: Request) -> HTMLResponse:
        return page(request, template, {"mqtt_url": _mqtt_url(request)})

    routes.add_api_route(address, show, methods=["GET", "HEAD"], response_class=HTMLResponse, name=template)


def _mqtt_url(request: Request) -> str:
    """Return where gateways connect, empty when the operator has not said."""
    settings = getattr(request.app.state, "settings", None)
    return getattr(settings, "mqtt_public_url", None) or ""


async def _static(version: Annotated[str, Path()], path: Annotated[str, Path()]) -> Response:
    found = assets.found(path)
    if found is None:
        return Response("not found\n", status_code=404, media_type="text/plain")
    content, media_type = found
    # A page of the version before may still ask; its files are answered with today's and not kept.
    kept = _FOR_EVER if version == assets.version() else "no-cache"
    return Response(
        content,
        media_type=media_type,
        headers={"Cache-Control": kept, "X-Content-Type-Options": "nosniff"},
    )


async def _worker() -> Response:
    found = assets.found(_WORKER)
    if found is None:
        return Response("not found\n", status_code=404, media_type="text/plain")
    # The version inside makes the browser notice a new release and fetch its files.
    head = f'const VERSION = "{assets.version()}";\n'.encode()
    listing = ", ".join(f'"{assets.address(path)}"' for path in sorted(assets.contents()))
    head += f"const FILES = [{listing}];\n".encode()
    return Response(head + found[0], media_type=found[1], headers={"Cache-Control": "no-cache"})


async def _manifest(request: Request) -> Response:
    language = chosen_language(request)
    manifest = {
        "name": TEXTS["shell.app_name"].in_language(language),
        "short_name": "Nhịp",
        "lang": language,
        "start_url": "/register",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0b3d5c",
        "icons": [{"src": assets.address("icons/icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return Response(
        json.dumps(manifest, ensure_ascii=False),
        media_type=assets.MEDIA_TYPES[".webmanifest"],
        headers={"Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie"},
    )


async def _icon() -> Response:
    found = assets.found("icons/icon.svg")
    if found is None:
        return Response("not found\n", status_code=404, media_type="text/plain")
    return Response(found[0], media_type=found[1], headers={"Cache-Control": "public, max-age=86400"})
