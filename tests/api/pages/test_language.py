"""Which language a page is in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.pages.language import LANGUAGES, preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "vi"),
        ("vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        ("en-GB,en;q=0.9,vi;q=0.8", "en"),
        ("fr-FR,fr;q=0.9,en;q=0.5", "en"),
        ("de", "vi"),
        ("en;q=0,vi;q=0.1", "vi"),
        ("en;q=nonsense,vi;q=0.1", "vi"),
        ("en;q=99,vi", "en"),
        ("*", "vi"),
    ],
)
def test_what_the_browser_prefers_decides_and_vietnamese_is_the_default(header: str, language: str) -> None:
    assert preferred_language(header) == language


@settings(deadline=None)
@given(st.text())
def test_any_header_gives_a_language_of_ours(header: str) -> None:
    assert preferred_language(header) in LANGUAGES


def test_the_address_goes_before_the_cookie_and_the_cookie_before_the_header(get) -> None:
    def language(path: str, **headers: str) -> str:
        return "en" if '<html lang="en">' in get(path, **headers).text else "vi"

    assert language("/", accept_language="en") == "en"
    assert language("/", accept_language="en", cookie="nhip_lang=vi") == "vi"
    assert language("/?lang=en", accept_language="vi", cookie="nhip_lang=vi") == "en"
    assert language("/?lang=xx", cookie="nhip_lang=en") == "en"


def test_a_language_that_was_asked_for_is_remembered_and_only_then(get) -> None:
    assert "nhip_lang=en" in get("/?lang=en").headers["set-cookie"]
    assert "set-cookie" not in get("/", accept_language="en").headers
    assert "set-cookie" not in get('/?lang="><script>').headers


def test_the_cookie_travels_only_encrypted_where_the_page_did(get) -> None:
    assert "secure" in get("/?lang=en", base="https://nhip.test").headers["set-cookie"].lower()
    assert "secure" not in get("/?lang=en").headers["set-cookie"].lower()
