"""The ingester: whether one is active for every shard, and what it says of itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import urllib3
from prometheus_client.parser import text_string_to_metric_families

from domain.text import Text
from nhip.doctor.finding import Part, hint, problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nhip.doctor.finding import Finding, Limits
    from nhip.doctor.questions import Questions

# The space of the advisory locks that ingesters hold, one a shard.
_LOCK_SPACE: Final = 0x6E686970
_TIMEOUT: Final = urllib3.Timeout(connect=3.0, read=5.0)
_OK: Final = 200
_NOT_READY: Final = 503


def check_active(questions: Questions, shards: int) -> Iterator[Finding]:
    """Yield shards that no ingester serves.

    Args:
        questions: to the database, in which ingesters hold locks.
        shards: how many there should be.
    """
    found = {int(row["shard"]) for row in questions.ask("select_ingesters", {"space": _LOCK_SPACE})}
    missing = [shard for shard in range(1, shards + 1) if shard not in found]
    if missing:
        which = ", ".join(f"{shard}/{shards}" for shard in missing)
        yield problem(
            Part.INGESTER,
            "ingester.none_active",
            Text(
                f"Không có bộ nhận nào hoạt động cho phần {which}: số đo dồn lại ở broker và gateway",
                f"No ingester is active for shard {which}: readings pile up at the broker and the gateways",
            ),
            Text("Chạy nhip ingest và xem nhật ký của nó", "Run nhip ingest, and look at its log"),
        )


def examine(url: str, limits: Limits) -> Iterator[Finding]:
    """Yield what an ingester's own health page tells.

    Args:
        url: http://host:port of its metrics.
        limits: where normal ends.
    """
    pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)
    try:
        ready = pool.request("GET", f"{url}/readyz")
        metrics = pool.request("GET", f"{url}/metrics")
    except urllib3.exceptions.HTTPError as error:
        yield problem(
            Part.INGESTER,
            "ingester.unreachable",
            Text(
                f"Không ai trả lời ở {url} ({type(error).__name__})",
                f"Nobody answers at {url} ({type(error).__name__})",
            ),
            Text(
                "Chạy nhip ingest; xem NHIP_INGEST_METRICS_HOST và …_PORT",
                "Run nhip ingest; check NHIP_INGEST_METRICS_HOST and …_PORT",
            ),
        )
        return
    if ready.status != _OK:
        missing = _missing(ready.data)
        yield problem(
            Part.INGESTER,
            "ingester.not_ready",
            Text(f"Bộ nhận chưa sẵn sàng: {missing}", f"The ingester is not ready: {missing}"),
            Text("Xem nhật ký của nhip ingest", "Look at the log of nhip ingest"),
        )
    if metrics.status == _OK:
        yield from _of_metrics(_samples(metrics.data.decode("utf-8", "replace")), limits)


def _missing(data: bytes) -> str:
    try:
        found = json.loads(data)
    except ValueError:
        return "?"
    return ", ".join(f"{name}: {why}" for name, why in found.items()) if isinstance(found, dict) else "?"


def _samples(text: str) -> dict[str, float]:
    """Return sums of the samples by name, over all labels."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


def _of_metrics(samples: Mapping[str, float], limits: Limits) -> Iterator[Finding]:
    if samples.get("nhip_ingest_receiving_paused"):
        yield hint(
            Part.INGESTER,
            "ingester.paused",
            Text(
                "Bộ nhận đang tạm dừng đọc vì đã đầy: cơ sở dữ liệu chậm hơn dữ liệu đến",
                "The ingester has paused reading because it is full: the database is slower than what comes",
            ),
            Text(
                "Xem đĩa và tải của cơ sở dữ liệu; thêm một phần: nhip ingest --shard 1/2 và 2/2",
                "Look at the database's disk and load; add a shard: nhip ingest --shard 1/2 and 2/2",
            ),
        )
    retries = samples.get("nhip_ingest_retries_total", 0.0)
    if retries:
        yield hint(
            Part.INGESTER,
            "ingester.retries",
            Text(
                f"Bộ nhận đã phải ghi lại {retries:.0f} lần từ khi khởi động",
                f"The ingester had to try a write again {retries:.0f} times since its start",
            ),
            Text("Xem nhật ký của cơ sở dữ liệu", "Look at the log of the database"),
        )
    batches = samples.get("nhip_ingest_batch_age_seconds_count", 0.0)
    if batches:
        age_s = samples.get("nhip_ingest_batch_age_seconds_sum", 0.0) / batches
        if age_s > limits.batch_age_s_max:
            yield hint(
                Part.INGESTER,
                "ingester.slow",
                Text(
                    f"Trung bình {age_s:.1f} s từ lúc nhận đến lúc ghi xong",
                    f"On average {age_s:.1f} s pass from reception to commit",
                ),
                Text("Xem đĩa và tải của cơ sở dữ liệu", "Look at the database's disk and load"),
            )


def examine_api(url: str) -> Iterator[Finding]:
    """Yield what is wrong with the HTTP service.

    Raises:
        urllib3.exceptions.HTTPError: nobody answers.
    """
    pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)
    ready = pool.request("GET", f"{url.rstrip('/')}/readyz")
    if ready.status == _NOT_READY:
        missing = _missing(ready.data)
        yield problem(
            Part.API,
            "api.not_ready",
            Text(f"API chưa sẵn sàng: {missing}", f"The API is not ready: {missing}"),
            Text(
                "Chạy nhip migrate; xem nhật ký của nhip api", "Run nhip migrate; look at the log of nhip api"
            ),
        )
    elif ready.status != _OK:
        yield problem(
            Part.API,
            "api.not_nhip",
            Text(
                f"{url} trả lời {ready.status}: không phải Nhịp",
                f"{url} answers {ready.status}: that is not Nhịp",
            ),
            Text("Xem NHIP_API_URL", "Check NHIP_API_URL"),
        )


def unreachable_api(url: str) -> Finding:
    """Return that nobody answers at an address that somebody has configured."""
    return problem(
        Part.API,
        "api.unreachable",
        Text(f"Không ai trả lời ở {url}", f"Nobody answers at {url}"),
        Text("Chạy nhip api; xem NHIP_API_URL", "Run nhip api; check NHIP_API_URL"),
    )
