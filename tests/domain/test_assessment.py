"""Targets are assessed by the rules, at and around their edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.assessment import Goal, Measured, UnknownRuleSetError, assess, rule_set, rule_set_codes
from domain.indicators import Direction, Verdict

RULES = rule_set("tt_03_2026")
NRW = Goal(Direction.LOWER, 15.0, 2030, baseline=25.0, baseline_year=2020)


def test_rule_sets_say_where_they_come_from():
    for code in rule_set_codes():
        rules = rule_set(code)
        assert rules.code == code
        assert rules.source
        assert rules.title.vi
        assert rules.notes.en
        assert rules.trust in {"verified", "secondary", "recalled"}


def test_an_unknown_rule_set_is_named():
    with pytest.raises(UnknownRuleSetError, match=r"found 'x', expected one of tt_03_2026"):
        rule_set("x")


@pytest.mark.parametrize(
    ("value", "completeness", "provisional", "verdict"),
    [
        (15.0, 1.0, False, Verdict.MET),
        (15.0 + 1e-12, 1.0, False, Verdict.MET),
        (15.01, 1.0, False, Verdict.NOT_MET),
        (10.0, 0.75, False, Verdict.MET),
        (10.0, 0.7499, False, Verdict.NO_EVIDENCE),
        (10.0, None, False, Verdict.MET),
        (10.0, 1.0, True, Verdict.NO_EVIDENCE),
        (None, 1.0, False, Verdict.NO_EVIDENCE),
    ],
)
def test_without_evidence_a_target_is_not_met(value, completeness, provisional, verdict):
    assert assess(RULES, NRW, Measured(value, completeness, provisional), 2026).verdict is verdict


def test_nothing_measured_is_no_evidence():
    found = assess(RULES, NRW, None, 2026)
    assert found.verdict is Verdict.NO_EVIDENCE
    assert found.expected == pytest.approx(19.0)
    assert found.reason.vi == "không có số liệu của kỳ này"


def test_the_trajectory_goes_straight_over_its_milestones():
    goal = Goal(Direction.LOWER, 15.0, 2030, None, 25.0, 2020, {2025: 18.0})
    assert [goal.expected_in(year) for year in (2019, 2020, 2022, 2025, 2027, 2030, 2035)] == [
        None,
        25.0,
        pytest.approx(22.2),
        18.0,
        pytest.approx(16.8),
        15.0,
        15.0,
    ]
    found = assess(RULES, goal, Measured(17.0, 1.0, provisional=False), 2027)
    assert (found.verdict, found.on_track) == (Verdict.NOT_MET, False)
    assert found.progress == pytest.approx(0.8)
    assert assess(RULES, goal, Measured(16.8, 1.0, provisional=False), 2027).on_track is True


def test_a_range_is_met_between_its_ends():
    goal = Goal(Direction.RANGE, 6.0, 2030, 8.5)
    assert [goal.is_met_by(value) for value in (5.99, 6.0, 7.0, 8.5, 8.51)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    found = assess(RULES, goal, Measured(9.0, 1.0, provisional=False), 2026)
    assert (found.expected, found.progress, found.performance) == (None, None, None)
    assert found.reason.en == "not met: value 9, target from 6 to 8.5"


@pytest.mark.parametrize(
    ("direction", "target", "value", "score"),
    [
        (Direction.HIGHER, 100.0, 95.0, 4),
        (Direction.HIGHER, 100.0, 94.9, 3),
        (Direction.HIGHER, 100.0, 66.0, 3),
        (Direction.HIGHER, 100.0, 33.0, 2),
        (Direction.HIGHER, 100.0, 32.9, 1),
        (Direction.HIGHER, 100.0, 0.0, 1),
        (Direction.LOWER, 25.0, 25.0, 4),
        (Direction.LOWER, 25.0, 50.0, 2),
        (Direction.LOWER, 25.0, 100.0, 1),
    ],
)
def test_performance_falls_into_classes(direction, target, value, score):
    found = assess(
        rule_set("u4ssc_scoring"),
        Goal(direction, target, 2030),
        Measured(value, 1.0, provisional=False),
        2026,
    )
    assert found.score == score


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(2020, 2030))
def test_a_trajectory_stays_between_its_ends(baseline, target, value, year):
    goal = Goal(Direction.HIGHER, target, 2030, None, baseline, 2020)
    expected = goal.expected_in(year)
    assert expected is not None
    slack = 1e-6
    assert min(baseline, target) - slack <= expected <= max(baseline, target) + slack
    performance = goal.performance(value)
    assert performance is None or 0.0 <= performance <= 1.0
