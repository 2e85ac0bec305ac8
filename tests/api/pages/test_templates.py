"""Every page in both languages: what is in it, what must never be in it, and the headers it comes with."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from api.pages import assets

PAGES = {
    "/": "start",
    "/register": "register",
    "/indicators": "indicators",
    "/gateways": "gateways",
    "/quarantine": "quarantine",
    "/login": "login",
}
EVERY_PAGE = [(path, language) for path in PAGES for language in ("vi", "en")]
SCRIPTS = {
    path.removeprefix("js/"): content.decode()
    for path, content in assets.contents().items()
    if path.startswith("js/")
}
VOID = {"meta", "link", "input", "br", "img", "hr", "path"}


class Markup(HTMLParser):
    """All start tags with their attributes, and whether tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def named(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag in tags]


@pytest.fixture(params=EVERY_PAGE, ids=[f"{path}-{language}" for path, language in EVERY_PAGE])
def shown(request: pytest.FixtureRequest, get):
    path, language = request.param
    response = get(path, accept_language=language)
    return path, language, response, Markup(response.text)


def test_a_page_renders_in_its_language_with_one_heading_and_a_main_part(shown) -> None:
    _, language, response, markup = shown
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert markup.named("html")[0]["lang"] == language
    assert len(markup.named("h1")) == 1
    assert len(markup.named("main")) == 1
    assert markup.open == []
    assert markup.crossed == []


def test_no_page_has_script_or_style_in_it_or_anything_from_elsewhere(shown) -> None:
    _, _, response, markup = shown
    assert all(attributes.get("src") for attributes in markup.named("script"))
    assert markup.named("style") == []
    for tag, attributes in markup.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        for name in ("href", "src", "action"):
            target = attributes.get(name, "/")
            assert target.startswith(("/", "#", "?"))
            assert not target.startswith("//")
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_every_page_carries_the_headers_against_misuse(shown) -> None:
    headers = shown[2].headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "geolocation=(self)" in headers["permissions-policy"]
    assert headers["cache-control"] == "no-cache"


def test_transport_security_is_promised_where_the_page_came_encrypted(get) -> None:
    assert "strict-transport-security" not in get("/").headers
    assert get("/", base="https://nhip.test").headers["strict-transport-security"] == "max-age=31536000"


def test_every_field_has_a_label_and_every_reference_a_target(shown) -> None:
    markup = shown[3]
    ids = [attributes["id"] for _, attributes in markup.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labelled = {attributes["for"] for attributes in markup.named("label") if "for" in attributes}
    assert labelled <= set(ids)
    for attributes in markup.named("input", "select", "textarea"):
        assert "hidden" in attributes or attributes["id"] in labelled, attributes
    for _, attributes in markup.tags:
        for name in ("aria-labelledby", "aria-describedby", "list"):
            for target in attributes.get(name, "").split():
                assert target in ids, (name, target)


def test_no_text_is_left_without_translation(shown) -> None:
    assert "{{" not in shown[2].text
    assert not re.search(r">\s*[a-z]+\.[a-z_]+\s*<", shown[2].text)


@pytest.mark.parametrize("path", PAGES)
def test_what_is_in_the_address_never_becomes_markup(get, path: str) -> None:
    text = get(path + '?gateway="><script>alert(1)</script>&lang=vi').text
    assert "<script>alert" not in text
    assert '"><script' not in text


def test_a_strange_host_name_does_not_get_into_a_page(get) -> None:
    assert "evil.example" not in get("/register", host="evil.example").text


def modules_of(page: str) -> set[str]:
    """The modules that a page loads, itself and what it imports."""
    found: set[str] = set()
    waiting = [f"{page}.js"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += re.findall(r'(?:from|import) "\./([a-z_]+\.js)"', SCRIPTS[name])
    return found


@pytest.mark.parametrize(("path", "page"), PAGES.items())
def test_every_element_that_a_module_asks_for_is_on_its_page(get, path: str, page: str) -> None:
    text = get(path).text
    asked = set(re.findall(r'byId\("([a-z-]+)"\)', SCRIPTS[f"{page}.js"]))
    for module in modules_of(page) & {"first_reading.js", "registration_form.js", "shell.js"}:
        asked |= set(re.findall(r'byId\("([a-z-]+)"\)', SCRIPTS[module]))
    assert {name for name in asked if f'id="{name}"' not in text} == set()


def test_every_template_is_a_page_or_the_base_of_them() -> None:
    names = {entry.name for entry in files("api.pages").joinpath("templates").iterdir()}
    assert names == {f"{page}.html" for page in PAGES.values()} | {"base.html"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_module_turns_data_into_markup_or_code(name: str) -> None:
    banned = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|\.style\b"
    assert re.findall(banned, SCRIPTS[name]) == []
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", SCRIPTS[name]) == []
