"""Kernels of electricity supply from events: SAIDI and its relatives, major event days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.periods import Period
from processing.columns import Note
from processing.compute.calls import Call, Row
from processing.compute.errors import NothingToComputeError, ParameterError
from processing.compute.events import customers_served
from processing.compute.times import text_of
from processing.grid import period_edges

if TYPE_CHECKING:
    from collections.abc import Callable

_NAN = float("nan")
_HOUR_US: Final = 3_600_000_000
_NAMES: Final = ("saidi", "saifi", "caidi", "maifi")


def _rows(call: Call, chosen: Callable[[dict[str, float], float], float]) -> list[Row]:
    """Return one row for all events, or one per period; booked whole to the period in which each began."""
    events = call.events
    if events is None:
        raise NothingToComputeError(f"kernel.{call.kernel.name}", "no events", "--events FILE")
    served = customers_served(call.customers)
    first, last = events.first, max(events.until, events.first + 1)
    typed = bool(call.end[0] > call.start[0])
    if not typed and not len(events.start):
        # Nothing says over which time nothing was interrupted.
        raise NothingToComputeError(f"kernel.{call.kernel.name}", "no events", "--param start=… and end=…")
    if call.period is None:
        edges = np.array([call.start[0], call.end[0]] if typed else [first, last], np.int64)
    else:
        edges = period_edges(first, last, call.period, call.zone.key)
    counted = events.counting(call.parameters.text("planned") or "include")
    momentary = call.parameters.needed("momentary_s")
    duration, customers = events.duration_s(), events.customers
    rows: list[Row] = []
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        within = events.start <= end if call.period is None else events.start < end
        mine = counted & (events.start >= start) & within
        long, short = mine & (duration > momentary), mine & (duration <= momentary)
        told = {
            "customer_minutes": float((duration * customers)[long].sum() / 60.0),
            "customer_interruptions": float(customers[long].sum()),
            "momentary_customer_interruptions": float(customers[short].sum()),
            "interruptions": float(long.sum()),
            "momentary": float(short.sum()),
            "customers": served,
        }
        told |= {
            "saidi": told["customer_minutes"] / served,
            "saifi": told["customer_interruptions"] / served,
            "maifi": told["momentary_customer_interruptions"] / served,
        }
        told["caidi"] = told["saidi"] / told["saifi"] if told["saifi"] > 0 else _NAN
        hours = (end - start) / _HOUR_US
        value = chosen(told, hours)
        rows.append(Row(value, int(mine.sum()), start, end, note=Note.NOTHING_EXPECTED, detail=told))
    return rows


def saidi(call: Call) -> list[Row]:
    """Return customer-minutes per customer served."""
    return _rows(call, lambda told, _: told["saidi"])


def saifi(call: Call) -> list[Row]:
    """Return customer interruptions per customer served."""
    return _rows(call, lambda told, _: told["saifi"])


def caidi(call: Call) -> list[Row]:
    """Return minutes per customer interruption."""
    return _rows(call, lambda told, _: told["caidi"])


def maifi(call: Call) -> list[Row]:
    """Return momentary customer interruptions per customer served."""
    return _rows(call, lambda told, _: told["maifi"])


def interruption_hours(call: Call) -> list[Row]:
    """Return hours without supply per household, interruptions of any length alike (ISO 37120)."""
    return _rows(call, lambda told, _: told["saidi"] / 60.0)


def ctaidi(call: Call) -> list[Row]:
    """Return minutes per customer that was interrupted at all (IEEE 1366)."""
    distinct = _distinct(call)
    return _rows(call, lambda told, _: told["customer_minutes"] / distinct)


def caifi(call: Call) -> list[Row]:
    """Return interruptions per customer that was interrupted at all (IEEE 1366)."""
    distinct = _distinct(call)
    return _rows(call, lambda told, _: told["customer_interruptions"] / distinct)


def _distinct(call: Call) -> float:
    found = call.parameters.needed("customers_interrupted")
    if not found > 0:
        raise ParameterError("customers_interrupted", found, "customers above 0")
    return found


def asai(call: Call) -> list[Row]:
    """Return the share of customer-hours with supply; without a period, of whole calendar years."""
    typed = call.parameters.number("hours") or _hours_of_years(call)
    return _rows(call, lambda told, hours: 1.0 - told["saidi"] / 60.0 / (typed or hours))


def _hours_of_years(call: Call) -> float | None:
    """Return the hours of the local years that the events touch; None with a period or window."""
    if call.events is None or call.windowed:
        return None
    last = max(call.events.until, call.events.first + 1)
    edges = period_edges(call.events.first, last, Period.YEAR, call.zone.key)
    return float(edges[-1] - edges[0]) / _HOUR_US


def major_event_days(call: Call) -> list[Row]:
    """Return T_MED = exp(alpha + k beta) of the daily values above 0; the days beyond it beside it."""
    ts, value = call.readings
    multiplier = call.parameters.needed("multiplier")
    ddof = int(call.parameters.number("ddof") or 0)
    until = call.parameters.instant("history_end")
    history = np.ones(len(ts), np.bool_) if until is None else ts < until
    judged = history if until is None else ~history
    positive = value[history & (value > 0)]
    if len(positive) <= ddof:
        return [Row(_NAN, len(positive), note=Note.INCOMPLETE, detail={"days": len(positive)})]
    logs = np.log(positive)
    alpha, beta = float(np.mean(logs)), float(np.std(logs, ddof=ddof))
    threshold = float(np.exp(alpha + multiplier * beta))
    beyond = np.flatnonzero(judged & (value > threshold))
    detail = {
        "alpha": alpha,
        "beta": beta,
        "t_med": threshold,
        "days": len(positive),
        "days_without_interruption": int((history & (value <= 0)).sum()),
        "days_beyond": [text_of(int(ts[k]), call.zone) for k in beyond.tolist()],
    }
    return [Row(threshold, len(positive), detail=detail)]
