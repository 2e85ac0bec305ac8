"""The committed JSON is what the code builds, and what a Grafana can load."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from dashboards import BOARDS, build, difference, write

with warnings.catch_warnings():
    # The SDK calls its classic model deprecated when imported; files are provisioned in that one.
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.cog import encoder, plugins
    from grafana_foundation_sdk.models import dashboard as sdk

# Without them the options of panels pass through unread.
plugins.register_default_plugins()

FOLDER = Path(__file__).parents[2] / "dashboards"
# Written by Grafana's own PostgreSQL query editor, or read by it, without being part of the generated SDK.
BEYOND_SDK = {"targets", "allValue"}


def test_committed_json_is_current():
    """`nhip dashboards build` would change nothing."""
    assert difference() == []


def test_build_is_deterministic():
    """Two builds give the same text."""
    assert build() == build()


def test_difference_sees_a_changed_missing_and_left_over_file(tmp_path):
    """Each kind of staleness is named."""
    write(tmp_path)
    assert difference(tmp_path) == []
    (tmp_path / "vi" / "city.json").write_text("{}", encoding="utf-8")
    (tmp_path / "en" / "traffic.json").unlink()
    (tmp_path / "en" / "old.json").write_text("{}", encoding="utf-8")
    assert difference(tmp_path) == ["en/old.json", "en/traffic.json", "vi/city.json"]
    write(tmp_path)
    assert difference(tmp_path) == []


def test_both_languages_hold_the_same_panels():
    """Only texts differ between the Vietnamese and the English board."""
    for board in BOARDS:
        shapes = [
            [
                (panel["type"], panel["gridPos"], panel.get("targets"))
                for panel in board.model(language)["panels"]
            ]
            for language in ("vi", "en")
        ]
        assert shapes[0] == shapes[1]


def test_every_sql_file_is_used_and_says_what_for():
    """No dead statement; the first line of each is a comment."""
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py"))
    for path in FOLDER.glob("sql/*.sql"):
        assert path.read_text(encoding="utf-8").startswith("-- "), path.name
        assert f'"{path.stem}"' in text, f"{path.name} is used by no board"


def test_panels_are_named_explained_and_apart(board):
    """Each panel has its own id, a title, an explanation, and room that no other panel takes."""
    taken = set()
    for panel in board["panels"]:
        assert panel["title"].strip()
        assert panel["type"] == "row" or panel["description"].strip()
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert 8 <= len(board["uid"]) <= 40


def test_queries_go_to_the_provisioned_source(board):
    """Panels, queries and variables name the data source that provisioning makes."""
    import yaml

    provisioned = yaml.safe_load((FOLDER / "provisioning/datasources/nhip.yaml").read_text(encoding="utf-8"))
    [source] = provisioned["datasources"]
    wanted = {"type": source["type"], "uid": source["uid"]}
    assert (
        source["jsonData"]["timescaledb"] is False
    )  # else $__timeGroup becomes time_bucket, outside the search path
    for panel in board["panels"]:
        if panel["type"] != "row":
            assert panel["datasource"] == wanted
            assert [target["datasource"] for target in panel["targets"]] == [wanted]
    assert all(
        entry["datasource"] == wanted for entry in board["templating"]["list"] if entry["type"] == "query"
    )


def plain(value):
    """Return the JSON that an SDK object encodes to."""
    import json

    return json.loads(json.dumps(value, cls=encoder.JSONEncoder))


def lost(before, after, path=""):
    """Return the paths of what `before` says and `after` does not."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            found
            for key, value in before.items()
            if key not in BEYOND_SDK
            for found in (lost(value, after[key], f"{path}.{key}") if key in after else [f"{path}.{key}"])
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            found
            for index, value in enumerate(before)
            for found in lost(value, after[index], f"{path}[{index}]")
        ]
    return [] if before == after else [f"{path}: {before!r} became {after!r}"]


def test_grafanas_own_model_knows_every_field(board):
    """Read into the model that Grafana generates from its schema and written again, nothing is lost."""
    assert lost(board, plain(sdk.Dashboard.from_json(board))) == []


def test_the_model_check_can_fail(board):
    """A misspelt option does not survive the way through Grafana's model."""
    panel = next(panel for panel in board["panels"] if panel["type"] == "timeseries")
    broken = {**board, "panels": [{**panel, "options": {**panel["options"], "legendd": {}}}]}
    assert lost(broken, plain(sdk.Dashboard.from_json(broken))) == [".panels[0].options.legendd"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_links_lead_to_the_boards_of_the_same_language(language):
    """A board's links follow the tag of its language."""
    for board in BOARDS:
        model = board.model(language)
        assert model["links"][0]["tags"] == model["tags"] == ["nhip", language]
