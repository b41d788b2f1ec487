"""The audit itself: each check refuses the fault it is there for, and nothing that is sound."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.validation.audit import DELAY_SIGMAS, audit, gain_of_delay
from alphamill.validation.audit_grounds import ColumnsGround, with_another_future
from alphamill.validation.audit_subject import QUICK, Effort, Subject, Traded

MINUTE_NS = 60_000_000_000
FUTURES = ("missing", "noise", "constant", "nan")


def ground(n_rows=240, seed=3, **more):
    rng = np.random.default_rng(seed)
    x = 100.0 + np.cumsum(rng.standard_normal(n_rows))
    moments = MINUTE_NS * np.arange(1, n_rows + 1)
    return ColumnsGround("walk", {"x": x, "day": np.arange(n_rows) // 7, **more}, moments)


def subject(call, **given):
    return Subject("feature", "f", call, (ground(),), long_grounds=(ground(900, 4),), **given)


def found(call, effort=None, **given):
    return {(f.check, f.column): f for f in audit(subject(call, **given), effort).findings}


def checks(call, **given):
    return {check for check, _ in found(call, **given)}


def mean_of_five(data):
    x = data["x"]
    sums = np.cumsum(np.append(np.zeros(5), x))
    out = np.full(x.size, np.nan)
    for t in range(4, x.size):
        out[t] = x[t - 4 : t + 1].mean()
    assert sums.size == x.size + 5
    return out


# --- the future --------------------------------------------------------------------------------


def test_what_is_sound_is_accused_of_nothing():
    report = audit(subject(mean_of_five, memory=5))

    assert (report.findings, report.notes) == ((), ())
    # Each of 60 even cuts keeps n rows, which are compared under four futures.
    cuts = sorted({int(n) for n in np.linspace(1, 239, 60).astype(int)})
    assert report.n_compared == 4 * sum(cuts) + 12 * len(report.start_up)


def test_a_bar_ahead_is_found_under_every_future_with_its_bar_and_moment():
    told = found(lambda data: np.append(data["x"][1:], 0.0))

    assert set(told) == {(how, "value") for how in FUTURES}
    x = ground().columns["x"]
    first = told["missing", "value"]
    assert (first.row, first.moment_ns, first.ground) == (0, MINUTE_NS, "walk")
    assert first.moment == "1970-01-01 00:01"
    assert first.said == f"{x[1]:.6g} becomes 0 when the bars after 0 are missing"
    assert (first.n_hits, first.n_tried) == (60, 60)


def test_only_the_column_that_leaks_is_named():
    def call(data):
        x = data["x"]
        return {"sound": x, "table": np.column_stack([x, x - x.mean()])}

    assert {column for _, column in found(call)} == {"table[1]"}


def test_what_depends_on_length_alone_is_found_by_truncation_alone():
    assert checks(lambda data: data["x"] * data["x"].size) == {"missing"}


def test_a_flag_that_is_up_at_three_bars_only_is_caught_there():
    # It speaks of the next bar, at 3 bars of 240: even cuts alone would hardly meet them.
    def call(data):
        x = data["x"]
        rises = np.append(x[1:] > x[:-1] + 2.4, False)
        return rises & (np.abs(x - 100.0) > 2.0)

    x = ground().columns["x"]
    assert 1 <= int(call({"x": x}).sum()) <= 3
    assert ("constant", "value") in found(call, QUICK)


def test_a_leak_of_one_late_row_is_caught_though_the_rows_before_are_sound():
    def call(data):
        out = data["x"].copy()
        out[-2:-1] = out[-1:]
        return out

    assert "missing" in checks(call)


def test_equality_is_to_the_last_bit_where_the_length_stays():
    # A sum over all rows that hardly weighs: rounding would hide it.
    assert checks(lambda data: data["x"] + 1e-13 * data["x"].sum()) >= {"noise", "constant"}


@pytest.mark.parametrize("sign", [1, -1])
def test_a_column_that_comes_and_goes_with_later_rows_is_a_leak(sign):
    def call(data):
        x = sign * data["x"]
        return {"x": x} | ({"more": x} if x[-1] > x[0] else {})

    told = found(call)

    assert {column for _, column in told} == {"more"}
    assert {f.said for f in told.values()} == {"this column comes and goes with what comes later"}


def test_a_label_may_read_as_far_ahead_as_it_says():
    def label(data):
        x = data["x"]
        return np.append(x[3:] - x[:-3], np.full(min(3, x.size), np.nan))[: x.size]

    assert checks(label, reads_ahead=3) == set()
    assert checks(label, reads_ahead=2) == set(FUTURES)


def test_the_line_is_looked_for_late_where_more_of_the_function_has_run():
    def call(data):
        x = data["x"]
        if x.size < 60:
            return np.full(x.size, np.nan)
        ahead = np.append(x[1:], 0.0)
        return ahead - x

    told = found(call, files=frozenset({__file__}))

    assert told["missing", "value"].row == 0
    assert {f.line.text for f in told.values()} == {"ahead = np.append(x[1:], 0.0)"}


def test_what_cannot_be_tried_is_said_and_the_rest_is_tried():
    def call(data):
        if np.isnan(data["x"]).any():
            raise ValueError("no NaN here")
        return np.append(data["x"][1:], 0.0)

    report = audit(subject(call, untried=("half of it",)), QUICK)

    assert report.notes == (
        "half of it",
        "not tried (nan, walk, 16 of 16 cuts): ValueError: no NaN here",
    )
    assert {f.check for f in report.findings} == {"missing", "noise", "constant"}


def test_what_fails_or_returns_other_rows_is_not_audited_and_says_so():
    for call, words in (
        (lambda data: 1 / 0, "not audited on walk: ZeroDivisionError: division by zero"),
        (lambda data: data["x"][1:], "value must have one row a bar (240), received 239."),
        (lambda data: "nothing", "must return columns of 240 rows, received str."),
    ):
        report = audit(subject(call), QUICK)

        assert report.n_compared == 0
        assert words in report.notes[0]


def test_a_function_that_draws_at_random_is_found_and_nothing_else_is_said_of_it():
    rng = np.random.default_rng(1)

    told = found(lambda data: data["x"] + rng.standard_normal(data["x"].size))

    assert set(told) == {("repeat", "value")}


def test_a_function_that_returns_a_column_every_other_time_is_found():
    calls = []

    def call(data):
        calls.append(1)
        return {"x": data["x"]} | ({"more": data["x"]} if len(calls) % 2 else {})

    assert set(found(call)) == {("repeat", "more")}


def test_a_function_cannot_spoil_the_ground_for_others():
    def call(data):
        data["x"][0] = 0.0
        return data["x"]

    assert "read-only" in audit(subject(call), QUICK).notes[0]


def test_a_function_that_runs_out_of_memory_is_not_called_faulty():
    def call(data):
        raise MemoryError

    with pytest.raises(MemoryError):
        audit(subject(call), QUICK)


# --- start-up ----------------------------------------------------------------------------------


def exponential(data):
    out = data["x"].copy()
    for t in range(1, out.size):
        out[t] = out[t - 1] + (out[t] - out[t - 1]) / 20.0
    return out


def test_a_memory_that_is_one_short_is_found():
    assert checks(mean_of_five, memory=4) == {"start-up"}
    assert checks(mean_of_five, memory=5) == set()


def test_a_long_memory_is_measured_at_odd_lengths_and_judged_at_the_declared_one():
    effort = Effort(n_cuts=4, n_ends=6)
    report = audit(subject(exponential, memory=300), effort)

    # 0.95 ** 198 = 3.9e-5 of a starting difference remains after 199 rows.
    sizes = dict(report.start_up)
    assert list(sizes) == [199, 300, 301, 399, 499]
    assert 1e-8 < sizes[199] < 1e-4
    assert sizes[399] < sizes[199] * 0.95**150
    assert report.findings == ()
    assert checks(exponential, memory=150) == {"start-up"}


def test_words_are_compared_too():
    def side(data):
        return np.where(data["x"] > 100.0, "above", "below")

    assert checks(side, memory=1) == set()
    assert checks(lambda data: side(data)[::-1], memory=1) >= {"missing", "noise"}


def test_a_memory_longer_than_the_ground_is_not_tried_and_said():
    report = audit(subject(mean_of_five, memory=900), QUICK)

    assert report.notes == ("start-up: a memory of 900 is longer than the 900 rows of walk",)
    assert report.start_up == ()


# --- timing ------------------------------------------------------------------------------------


def traded(lead, filled_after=1):
    """Return what a side known ``lead`` bars ahead earns when it is held for the next bar."""

    def trades(data, delay):
        x = data["x"]
        move = np.diff(x, append=x[-1])
        side = np.sign(np.roll(move, -lead)) if lead else np.sign(np.roll(move, 1))
        side = np.roll(side, delay)
        place = np.arange(1, x.size - 5)
        decided = MINUTE_NS * place
        return Traded(decided, decided + filled_after * MINUTE_NS, (side * move)[5:-5])

    return trades


def test_a_fill_on_a_bar_that_had_ended_is_found():
    told = found(mean_of_five, trades=traded(0, filled_after=0))

    assert set(told) == {("fills", "orders")}
    assert told["fills", "orders"].n_hits == told["fills", "orders"].n_tried == 894
    assert told["fills", "orders"].row == 0


def test_signals_that_speak_of_a_bar_beyond_the_next_earn_more_when_delayed():
    told = found(mean_of_five, trades=traded(1))

    assert set(told) == {("delay", "orders")}
    assert "one bar later earn more, by" in told["delay", "orders"].said


def test_honest_signals_are_not_accused_by_a_delay():
    assert checks(mean_of_five, trades=traded(0)) == set()


def test_the_gain_of_a_delay_is_that_of_the_periods_that_differ():
    pnl = np.zeros(100)
    later = np.where(np.arange(100) < 40, np.tile([1.0, 3.0], 50), 0.0)

    # Forty differences of mean 2 and deviation 1.0127: 2 / (1.0127 / sqrt(40)).
    assert gain_of_delay(pnl, later) == pytest.approx(12.490, abs=1e-3)
    assert gain_of_delay(later, pnl) == -gain_of_delay(pnl, later)
    assert gain_of_delay(pnl[:29], later[:29]) == 0.0
    assert gain_of_delay(pnl, pnl + 1.0) == 0.0
    assert DELAY_SIGMAS == 4.0


# --- grounds -----------------------------------------------------------------------------------


def test_another_future_changes_nothing_before_the_cut_and_everything_after():
    columns = {
        "high": np.array([3.0, 4.0, 5.0, 6.0]),
        "low": np.array([1.0, 2.0, 3.0, 4.0]),
        "up": np.array([True, False, True, True]),
        "day": np.array([1, 1, 2, 2]),
    }

    noise, constant, nan = (with_another_future(columns, 2, how) for how in FUTURES[1:])

    for changed in (noise, constant, nan):
        assert all(np.array_equal(changed[n][:2], columns[n][:2]) for n in columns)
        assert changed["day"] is not columns["day"]
        assert changed["day"].tolist() == [1, 1, 2, 2]
    assert (noise["high"][2:] > noise["low"][2:]).all()
    assert not np.isclose(noise["high"][2:], columns["high"][2:]).any()
    assert (constant["high"].tolist(), constant["up"].tolist()) == (
        [3.0, 4.0, 4.0, 4.0],
        [True, False, False, False],
    )
    assert np.isnan(nan["low"][2:]).all()
    assert columns["high"].tolist() == [3.0, 4.0, 5.0, 6.0]


def test_what_a_calendar_knows_ahead_is_not_changed():
    ends = np.tile([False, True], 120)
    open_ground = ground(ends=ends)

    changed = replace(open_ground, known_ahead=frozenset({"ends"})).changed(5, "constant")

    assert changed["ends"].tolist() == ends.tolist()
    assert not open_ground.changed(5, "constant")["ends"][5:].any()
    assert changed["x"][6] == changed["x"][4]
