"""The quality rules: what is refused, what is mended and counted, what is left alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphamill.core.errors import DataError, SettingsError
from alphamill.data.quality import LIMITS, admit, inspect
from alphamill.data.raw import RawSeries
from tests.data.sound_series import (
    COIN,
    FUTURE,
    INDEX,
    PRICES,
    SHARE,
    changed,
    daily,
    minutes,
    rules,
)


@pytest.mark.parametrize("raw", [daily(), minutes()], ids=["daily", "1m"])
def test_a_sound_series_comes_back_as_it_was(raw):
    admitted, findings = admit(raw, SHARE if raw.timeframe == "1d" else FUTURE)

    assert findings == []
    nanoseconds = raw.frame.set_index(raw.frame.index.as_unit("ns"))
    pd.testing.assert_frame_equal(admitted.frame, nanoseconds, check_freq=False)
    assert admitted.stamps == raw.stamps


def test_inspect_says_what_admit_raises_and_raises_nothing():
    raw = changed(changed(daily(), 7, close=np.nan), 9, volume=-1.0)

    found = inspect(raw, SHARE)

    assert [(f.rule, f.severity, f.row, f.count) for f in found] == [
        ("D06", "refuse", 7, 1),
        ("D10", "refuse", 9, 1),
    ]
    with pytest.raises(DataError, match=r"X \(X.csv\): bar 7 \(2024-01-11\), column 'close'"):
        admit(raw, SHARE)


def test_a_line_of_the_file_is_named_where_the_source_gives_one():
    raw = changed(daily(line=np.arange(2, 122)), 7, low=200.0)

    with pytest.raises(DataError, match=r"row 9 \(2024-01-11\), column 'high'.*\[D08\]$"):
        admit(raw, SHARE)
    assert inspect(raw, SHARE)[0].row == 9


def test_the_source_s_own_repairs_are_findings_too():
    raw = replace(daily(), repairs={"D03": 2, "D14": 120})

    admitted, findings = admit(raw, SHARE)

    assert rules(findings, "repair") == ["D03", "D14"]
    assert admitted.repairs == {"D03": 2, "D14": 120}


@pytest.mark.parametrize(
    ("instrument", "adjusted", "price", "verdict"),
    [
        (SHARE, "none", -5.0, "refuse"),
        (SHARE, "none", 0.0, "refuse"),
        (SHARE, "add", -5.0, None),
        (FUTURE, "none", -5.0, "warn"),
        (FUTURE, "none", 0.0, "refuse"),
        (FUTURE, "add", 0.0, None),
        (replace(SHARE, asset_class="rate"), "none", -5.0, None),
    ],
)
def test_only_some_instruments_may_trade_below_zero(instrument, adjusted, price, verdict):
    raw = replace(changed(daily(), 7, low=price), adjusted=adjusted)

    found = [f.severity for f in inspect(raw, instrument) if f.rule == "D09"]

    assert found == ([verdict] if verdict else [])


def test_a_zero_in_the_last_bar_of_a_raw_future_is_a_missing_price():
    assert rules(inspect(changed(daily(), -1, low=0.0), FUTURE), "refuse") == ["D09"]


def test_a_bad_row_is_named_once_and_not_again_by_the_rules_about_the_series():
    found = inspect(changed(daily(), 7, close=1.0), SHARE)

    assert [f.rule for f in found] == ["D08"]


def test_a_raw_future_may_cross_zero_where_it_does_go_below():
    crossing = changed(daily(), 50, open=18.0, high=18.0, low=-40.0, close=-37.0)
    after = changed(crossing, 51, open=-14.0, high=13.0, low=-16.0, close=0.0)

    assert "D09" not in rules(inspect(after, FUTURE), "refuse")


@pytest.mark.parametrize(("beyond", "verdict"), [(0.25, "repair"), (0.5, "refuse")])
def test_a_wick_may_miss_the_close_by_one_tick_and_no_more(beyond, verdict):
    raw = daily()
    top = float(raw.frame[["open", "close"]].max(axis=1).iloc[20])
    raw = changed(raw, 20, high=top - beyond)

    found = [f for f in inspect(raw, FUTURE) if f.rule == "D08"]

    assert [f.severity for f in found] == [verdict]
    if verdict == "repair":
        assert admit(raw, FUTURE)[0].frame["high"].iloc[20] == top


def test_the_tick_of_the_time_decides():
    dated = replace(FUTURE, tick=0.01, tick_history=((20240101, 0.25), (20240301, 0.01)))
    raw = daily()
    tops = raw.frame[["open", "close"]].max(axis=1)

    early = changed(raw, 5, high=float(tops.iloc[5]) - 0.25)
    late = changed(raw, 100, high=float(tops.iloc[100]) - 0.25)

    assert rules(inspect(early, dated), "refuse") == []
    assert rules(inspect(late, dated), "refuse") == ["D08"]


def test_small_prices_adjusted_by_ratio_get_no_tick_of_grace():
    raw = replace(daily(), adjusted="ratio")
    raw = replace(raw, frame=raw.frame.assign(**{n: raw.frame[n] / 1000 for n in PRICES}))
    top = float(raw.frame[["open", "close"]].max(axis=1).iloc[20])

    assert rules(inspect(changed(raw, 20, high=top - 0.001), SHARE), "refuse") == ["D08"]


def test_closes_only_series_are_not_judged_by_their_range():
    raw = replace(changed(daily(), 20, high=1.0), closes_only=True)

    assert inspect(raw, SHARE) == []


def test_rows_are_sorted_and_the_late_ones_counted():
    raw = daily()
    order = [0, 2, 1, *range(3, 119), 50]

    admitted, findings = admit(replace(raw, frame=raw.frame.iloc[order]), SHARE)

    assert admitted.repairs == {"D11": 2, "D12": 1}
    assert admitted.frame.index.is_monotonic_increasing
    assert rules(findings, "repair") == ["D11", "D12"]


def test_twins_that_differ_in_volume_alone_are_refused_and_unknown_volumes_are_equal():
    raw = daily()
    raw = replace(raw, frame=raw.frame.iloc[[0, 1, 1, *range(2, 120)]])
    unknown = raw.frame.assign(volume=np.nan)

    with pytest.raises(DataError, match=r"column 'volume': one stamp must have one bar.*\[D12\]"):
        admit(changed(raw, 2, volume=5.0), SHARE)
    assert admit(replace(raw, frame=unknown), SHARE)[0].repairs == {"D12": 1}


@pytest.mark.parametrize(
    ("stamps", "now", "n_kept"),
    [
        ("open", "2024-01-08 19:59:59", 299),
        ("open", "2024-01-08 20:00:00", 300),
        ("close", "2024-01-08 19:58:59", 299),
        ("close", "2024-01-08 19:59:00", 300),
    ],
)
def test_a_bar_that_has_not_closed_is_dropped(stamps, now, n_kept):
    admitted, _ = admit(minutes(stamps=stamps), FUTURE, now_ns=pd.Timestamp(now).value)

    assert len(admitted.frame) == n_kept


def test_a_session_has_closed_when_its_day_is_over_at_the_exchange():
    last = daily().frame.index[-1]
    over = (last + pd.Timedelta(days=1)).tz_localize("America/New_York")

    kept = [
        len(admit(daily(), SHARE, now_ns=(over + pd.Timedelta(s, "s")).value)[0].frame)
        for s in (-1, 0)
    ]

    assert kept == [119, 120]


def test_bars_of_the_future_mean_a_wrong_clock():
    with pytest.raises(DataError, match=r"must not lie in the future \(and 9 more.*--timezone"):
        admit(minutes(), FUTURE, now_ns=pd.Timestamp("2024-01-08 19:50:00").value)


def test_facts_cannot_be_accepted_away():
    with pytest.raises(SettingsError, match="only the judgements .* received 'D06'"):
        admit(daily(), SHARE, accepted=["D06"])


def copied(n_copied, raw=None):
    """Return daily bars in which the first opens repeat the close before."""
    frame = (raw or daily()).frame.copy()
    opens = frame["open"].to_numpy().copy()
    opens[1 : n_copied + 1] = frame["close"].to_numpy()[:n_copied]
    high = np.maximum(frame["high"], opens)
    low = np.minimum(frame["low"], opens)
    return replace(raw or daily(), frame=frame.assign(open=opens, high=high, low=low))


@pytest.mark.parametrize(("n_copied", "trusted"), [(5, True), (7, False)])
def test_opens_copied_on_over_five_percent_of_days_make_it_closes_only(n_copied, trusted):
    raw = copied(n_copied)
    admitted, findings = admit(raw, INDEX)

    assert admitted.closes_only is not trusted
    assert rules(findings, "repair") == ([] if trusted else ["open_is_previous_close"])
    if not trusted:
        close = raw.frame["close"].to_numpy()
        assert (admitted.frame[PRICES].to_numpy() == close[:, None]).all()
        assert "2024" in findings[0].message
        assert admitted.repairs == {"open_is_previous_close": 7}


def test_markets_where_that_is_natural_keep_their_opens():
    coarse = replace(FUTURE, tick=0.5)
    on_grid = daily()
    grid = {n: np.round(on_grid.frame[n] * 2) / 2 for n in PRICES}
    grid["high"], grid["low"] = grid["high"] + 1, grid["low"] - 1
    on_grid = replace(on_grid, frame=on_grid.frame.assign(**grid))
    same = (on_grid.frame["open"].iloc[1:].to_numpy() == grid["close"].iloc[:-1]).mean()

    assert same > LIMITS.same_open_frac
    assert not admit(on_grid, coarse)[0].closes_only
    assert not admit(copied(119), COIN)[0].closes_only
    assert not admit(minutes(), FUTURE)[0].closes_only


def test_the_named_sample_is_closes_only_and_its_neighbour_is_not():
    sp500 = pytest.importorskip("arch.data.sp500")
    nasdaq = pytest.importorskip("arch.data.nasdaq")

    def of(module):
        frame = module.load().rename(columns=str.lower)[[*PRICES, "volume"]].astype(float)
        return RawSeries("SPX", "1d", frame.rename_axis("session"), "session", "arch")

    admitted, findings = admit(of(sp500), INDEX)
    assert admitted.closes_only
    assert "39.8% of days" in findings[0].message
    assert "in 1999-2007, 2011-2013" in findings[0].message
    assert not admit(of(nasdaq), INDEX)[0].closes_only


def test_a_frame_that_breaks_the_port_is_refused():
    raw = daily()

    with pytest.raises(DataError, match="a source must deliver open"):
        admit(replace(raw, frame=raw.frame.drop(columns="low")), SHARE)
    with pytest.raises(DataError, match="with zone None"):
        admit(replace(raw, stamps="close"), SHARE)


anything = st.floats(allow_nan=True, allow_infinity=True, width=64)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 119), st.sampled_from([*PRICES, "volume"]), anything), max_size=6
    )
)
def test_whatever_the_numbers_the_answer_is_sound_or_a_refusal(cells):
    raw = daily()
    for at, name, value in cells:
        raw = changed(raw, at, **{name: value})
    try:
        frame = admit(raw, SHARE)[0].frame
    except DataError:
        return
    assert np.isfinite(frame[PRICES].to_numpy()).all()
    assert (frame[PRICES] > 0).all(axis=None)
    assert (frame["high"] >= frame[["open", "close"]].max(axis=1)).all()
    assert (frame["low"] <= frame[["open", "close"]].min(axis=1)).all()
    assert not (frame["volume"] < 0).any()
