"""The language of a page: `?lang=`, then the cookie, then what the browser prefers, then Vietnamese."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.requests import Request

LANGUAGES: Final = ("vi", "en")
COOKIE: Final = "nhip_lang"
COOKIE_AGE_S: Final = 365 * 86_400
_HEADER_ITEMS_MAX: Final = 20


def asked_language(request: Request) -> str | None:
    """Return the language that the address asks for, None when it asks for none of ours."""
    asked = request.query_params.get("lang")
    return asked if asked in LANGUAGES else None


def chosen_language(request: Request) -> str:
    """Return the language to answer in."""
    asked = asked_language(request)
    if asked is not None:
        return asked
    remembered = request.cookies.get(COOKIE)
    if remembered in LANGUAGES:
        return remembered
    return preferred_language(request.headers.get("accept-language", ""))


def preferred_language(accept: str) -> str:
    """Return the language of ours that an Accept-Language header likes best; Vietnamese when it names none.

    Args:
        accept: value of the header; whatever is malformed in it is passed over.
    """
    best, best_weight = LANGUAGES[0], 0.0
    for item in accept.split(",", _HEADER_ITEMS_MAX)[:_HEADER_ITEMS_MAX]:
        tag, _, parameter = item.partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, number = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(number), 0.0), 1.0)
    except ValueError:
        return 0.0
