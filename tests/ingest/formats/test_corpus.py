"""Samples of every format: valid ones with what they mean, hostile ones named for what they fail on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingest.births import Births
from ingest.formats import GUESSED_FORMATS, MalformedMessageError, decode

CORPUS = Path(__file__).parent / "corpus"
TOPIC = "nhip/v1/gw-1/data"
VALID = sorted(path for path in CORPUS.glob("*/valid/*") if not path.name.endswith(".expected.json"))
HOSTILE = sorted(CORPUS.glob("*/hostile/*"))


def sample_name(path: Path) -> str:
    return f"{path.parts[-3]}-{path.stem}"


def opened(path):
    """Return (the sample decoded on its topic after the births it names, what is expected of it)."""
    expected = json.loads(path.with_suffix(".expected.json").read_bytes())
    book = Births()
    for birth in expected.get("births", ()):
        said, _ = opened(path.with_stem(birth))
        book.take_in(said.sparkplug, 0)
    topic = expected.get("topic", TOPIC)
    return decode(path.parts[-3], topic, path.read_bytes(), book), expected | {"topic": topic, "book": book}


def readings(batch, with_flags):
    return [
        {
            "sensor": batch.names[batch.name_index[position]],
            "ts_us": int(batch.ts_us[position]),
            "value": float(batch.value[position]),
            "unit": batch.units[batch.unit_index[position]],
            "state": int(batch.state[position]),
        }
        | ({"flag": int(batch.flag[position])} if with_flags else {})
        for position in range(len(batch))
    ]


@pytest.mark.parametrize("path", VALID, ids=sample_name)
def test_a_valid_sample_means_what_stands_beside_it(path):
    batch, expected = opened(path)
    assert batch.batch_id is None
    with_flags = any("flag" in reading for reading in expected["readings"])
    assert readings(batch, with_flags) == expected["readings"]
    assert [(fault.sensor, fault.reason.value) for fault in batch.faults] == [
        (fault["sensor"], fault["reason"]) for fault in expected["faults"]
    ]
    for fault, wanted in zip(batch.faults, expected["faults"], strict=True):
        assert fault.detail.startswith(wanted["detail"])


@pytest.mark.parametrize("path", VALID, ids=sample_name)
def test_what_is_set_aside_fails_alike_when_it_comes_again(path):
    batch, expected = opened(path)
    for fault in batch.faults:
        again = decode(path.parts[-3], expected["topic"], fault.raw, expected["book"])
        assert (len(again), again.faults) == (0, (fault,))


@pytest.mark.parametrize("path", HOSTILE, ids=sample_name)
def test_a_hostile_sample_is_refused_on_the_field_it_is_named_for(path):
    with pytest.raises(MalformedMessageError) as caught:
        decode(path.parts[-3], TOPIC, path.read_bytes())
    assert caught.value.field == path.name.partition("__")[0]
    assert caught.value.found
    assert caught.value.expected


# Kept to show that the other formats refuse them.
PLAIN_ELSEWHERE = {"payload__plain_list", "payload__json"}


@pytest.mark.parametrize("path", [*VALID, *HOSTILE], ids=sample_name)
def test_no_sample_is_taken_for_another_format(path):
    for name in GUESSED_FORMATS:
        if name != path.parts[-3] and not (name == "plain" and path.stem in PLAIN_ELSEWHERE):
            try:
                batch = decode(name, TOPIC, path.read_bytes())
            except MalformedMessageError:
                continue
            assert len(batch) == 0
