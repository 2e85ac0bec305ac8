"""Settings that cannot be meant are refused, with what was found and what was expected."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from ingest.settings import IngestSettings
from ingest.subscription import subscription_of


def of(**overrides):
    return IngestSettings(mqtt_url=SecretStr("mqtt://x"), **overrides)


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1/0", "1", "a/b", "1/9", "1/2 "])
def test_a_shard_that_does_not_exist_is_refused(shard):
    """i/n, and i among the n."""
    with pytest.raises(ValidationError, match="expected i/n with 1 <= i <= n <= 8, found"):
        of(shard=shard)


def test_shards_share_one_subscription_and_have_names_of_their_own():
    """The data filter is shared; the first shard alone hears what cannot be: births and the status of all."""
    first, second = subscription_of(of(shard="1/2")), subscription_of(of(shard="2/2"))
    assert (first.client_id, second.client_id) == ("nhip-ingest", "nhip-ingest-2")
    assert [name for name, _ in second.filters] == ["$share/nhip/nhip/v1/+/data"]
    alone = subscription_of(of())
    assert {name for name, _ in first.filters} - {"$share/nhip/nhip/v1/+/data"} == {
        name for name, _ in alone.filters
    } - {"nhip/v1/+/data"}
    # What one layout listens to, the other gives up: the session may have been of either.
    assert first.obsolete == second.obsolete == ("nhip/v1/+/data",)
    assert alone.obsolete == ("$share/nhip/nhip/v1/+/data",)


def test_a_shard_that_retires_listens_to_nothing():
    """It gives up the filters of both layouts."""
    retiring = subscription_of(of(shard="2/3", retire=True))
    assert retiring.filters == ()
    everything = {
        name for name, _ in (*subscription_of(of()).filters, *subscription_of(of(shard="2/3")).filters)
    }
    assert everything <= set(retiring.obsolete)
