"""A page: template, language and the headers that every page carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from api.pages import assets
from api.pages.language import COOKIE, COOKIE_AGE_S, asked_language, chosen_language
from api.pages.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Language, Cookie",
}
_YEAR_S: Final = 31_536_000

_templates: Final = Environment(
    loader=PackageLoader("api.pages", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _translator(language: str) -> Callable[[str], str]:
    def translate(key: str) -> str:
        return TEXTS[key].in_language(language)

    return translate


def _other(language: str) -> str:
    return "en" if language == "vi" else "vi"


def page(
    request: Request, template: str, context: Mapping[str, Any] | None = None, *, status_code: int = 200
) -> HTMLResponse:
    """Return a rendered page with its security headers; remembers a language that the address asks for."""
    language = chosen_language(request)
    body = _templates.get_template(f"{template}.html").render(
        t=_translator(language),
        lang=language,
        # Relative, so that no host header ever gets into a page.
        other_lang_address="?" + request.url.include_query_params(lang=_other(language)).query,
        asset=assets.address,
        page=template,
        **(context or {}),
    )
    response = HTMLResponse(body, status_code=status_code, headers=_HEADERS)
    if request.url.scheme == "https":
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_S}"
    if asked_language(request) is not None:
        response.set_cookie(
            COOKIE, language, max_age=COOKIE_AGE_S, samesite="lax", secure=request.url.scheme == "https"
        )
    return response
