"""Static files: types, caching, the worker's list, nothing outside the folder."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from api.pages import assets


@pytest.mark.parametrize("path", sorted(assets.contents()))
def test_every_file_is_served_whole_with_its_type_for_ever(get, path: str) -> None:
    response = get(assets.address(path))
    assert response.status_code == 200
    assert response.content == assets.contents()[path]
    assert response.headers["content-type"] == assets.MEDIA_TYPES["." + path.rpartition(".")[2]]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in response.headers["cache-control"]


def test_a_page_of_an_older_version_still_gets_its_files_but_does_not_keep_them(get) -> None:
    response = get("/static/000000000000/css/nhip.css")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "js/none.js",
        "../routes.py",
        "..%2froutes.py",
        "js/../../routes.py",
        "%2e%2e/texts/shell.py",
        "JS/START.JS",
        "",
    ],
)
def test_nothing_but_the_files_is_served(get, path: str) -> None:
    response = get(f"/static/{assets.version()}/{path}")
    assert response.status_code in {404, 307}  # 307: a client that folds ".." asks for another address
    assert b"import" not in response.content


def test_every_import_between_modules_leads_to_a_file() -> None:
    for path, content in assets.contents().items():
        if not path.startswith("js/"):
            continue
        for target in re.findall(r'(?:from|import) "([^"]+)"', content.decode()):
            assert target.startswith("./"), (path, target)
            assert f"js/{target[2:]}" in assets.contents(), (path, target)


def test_files_are_small_because_phones_load_them_over_bad_networks() -> None:
    sizes = {path: len(content) for path, content in assets.contents().items()}
    assert sum(sizes.values()) < 300_000
    assert max(sizes.values()) < 60_000


def test_every_static_file_on_disk_has_a_known_type() -> None:
    def names(folder, prefix=""):
        for entry in folder.iterdir():
            if entry.is_dir():
                yield from names(entry, f"{prefix}{entry.name}/")
            else:
                yield f"{prefix}{entry.name}"

    on_disk = set(names(files("api.pages").joinpath("static")))
    assert on_disk == {path for path in assets.contents() if not path.startswith("texts/")}


def test_the_worker_knows_the_version_and_keeps_every_file(get) -> None:
    response = get("/register-worker.js")
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cache-control"] == "no-cache"
    assert f'VERSION = "{assets.version()}"' in response.text
    listed = json.loads(re.search(r"FILES = (\[.*?\]);", response.text)[1])
    assert listed == [assets.address(path) for path in sorted(assets.contents())]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_manifest_lets_the_page_be_put_on_a_phone_in_its_language(get, language: str) -> None:
    response = get("/manifest.webmanifest", accept_language=language)
    manifest = json.loads(response.text)
    assert response.headers["content-type"] == "application/manifest+json"
    assert manifest["lang"] == language
    assert manifest["start_url"] == "/register"
    assert get(manifest["icons"][0]["src"]).status_code == 200


def test_the_icon_is_where_browsers_look_for_it(get) -> None:
    assert get("/favicon.ico").headers["content-type"] == "image/svg+xml"
