"""Long tables and panels: contracts, and the order of rows that never matters."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.data.calendar import to_bars
from alphamill.data.universe import Stay, Universe, universe_of
from alphamill.factors.frames import frame_of, panel_of, panel_of_bars
from alphamill.factors.markets import MadeUpMarket
from alphamill.factors.panel import Panel
from tests.data.sound_series import SHARE, daily
from tests.factors.panels import closes, grid, random_panel

PAIR = universe_of("pair", ["AAA", "BBB"])


def prices(**changes: object) -> pd.DataFrame:
    days = ["2020-01-02", "2020-01-03", "2020-01-06"]
    table = pd.DataFrame(
        {
            "timestamp": [*days, *days[:2]],
            "symbol": ["AAA"] * 3 + ["bbb "] * 2,
            "close": [10.0, 11.0, 12.0, 20.0, 21.0],
            "open": [9.0, 10.0, 11.0, 20.0, 20.0],
            "close_research": [5.0, 5.5, 12.0, 20.0, 21.0],
        }
    )
    return table.assign(**changes)


def test_rows_in_any_order_give_the_same_panel():
    shuffled = prices().sample(frac=1.0, random_state=3)

    assert panel_of(shuffled, PAIR).identity == panel_of(prices(), PAIR).identity


def test_a_row_is_known_at_its_sessions_close():
    panel = panel_of(prices(), PAIR)

    # Midnight would be a day too early; the close in New York is 21:00 UTC in winter.
    assert pd.Timestamp(panel.close_ns[0]) == pd.Timestamp("2020-01-02 21:00")
    assert panel.session.tolist() == [20200102, 20200103, 20200106]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_stamps_of_moments_find_their_session_whatever_their_zone(zone):
    stamps = pd.to_datetime(prices()["timestamp"]) + pd.Timedelta(hours=21)
    stamps = stamps if zone is None else stamps.dt.tz_localize("UTC").dt.tz_convert(zone)

    panel = panel_of(prices(timestamp=stamps), PAIR)

    assert panel.identity == panel_of(prices(), PAIR).identity


def test_all_prices_of_a_row_are_adjusted_in_one_ratio():
    panel = panel_of(prices(), PAIR)

    assert panel.fields["close"][:, 0].tolist() == [5.0, 5.5, 12.0]
    assert panel.fields["open"][:, 0].tolist() == [4.5, 5.0, 11.0]
    assert panel.fields["raw_close"][:, 0].tolist() == [10.0, 11.0, 12.0]


def test_a_session_without_a_row_stays_a_row_of_the_panel():
    table = prices().drop(index=[1, 4])

    panel = panel_of(table, PAIR)

    assert panel.session.tolist() == [20200102, 20200103, 20200106]
    assert np.isnan(panel.fields["close"][1]).all()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (prices().drop(columns="close"), r"\['close'\] are missing"),
        (
            prices(close=[10.0, -1.0, 1.0, 1.0, 1.0]),
            "row 1, column close: .*above 0, received -1.0",
        ),
        (prices(close=[10.0, np.nan, 1, 1, 1]), "row 1, column close: .*received nan for AAA"),
        (prices(close=[10.0, np.inf, 1, 1, 1]), "row 1, column close: .*received inf"),
        (prices(volume=-1.0), "row 0, column volume: must be at least 0"),
        (prices(symbol=["AAA", None, "A", "B", "C"]), "row 1, column symbol: must not be empty"),
        (pd.concat([prices(), prices()[:1]], ignore_index=True), "rows 0 and 5, .*20200102 of AAA"),
        (
            prices(timestamp=["2020-01-04", *prices()["timestamp"][1:]]),
            "row 0, column timestamp: must lie in a session of .*'XNYS', received 2020-01-04",
        ),
    ],
)
def test_a_broken_table_is_refused_by_row_and_column(table, message):
    with pytest.raises(DataError, match=f"prices: .*{message}"):
        panel_of(table, PAIR)


def test_a_table_of_other_symbols_is_refused():
    with pytest.raises(DataError, match="must have prices of universe other, received those of"):
        panel_of(prices(), universe_of("other", ["ZZZ"]))


def test_membership_comes_from_the_universe():
    dated = Universe("u", (Stay("AAA", 20200103, 20200106), Stay("BBB", 20200101, 20300101)), False)

    panel = panel_of(prices(), dated)

    assert panel.member.tolist() == [[False, True], [True, True], [False, True]]
    assert not panel.is_survivorship_biased
    assert not any("survivorship" in note for note in panel.notes)


def test_a_static_list_is_stamped_and_absent_prices_are_named():
    panel = panel_of(prices(), universe_of("u", ["AAA", "BBB", "GONE"]))

    assert panel.is_survivorship_biased
    assert any("survivorship" in note for note in panel.notes)
    assert any("no prices of 1 of the universe: GONE" in note for note in panel.notes)


def test_the_long_table_has_each_members_known_closes_sorted():
    panel = random_panel(n_dates=40)
    shown = frame_of(panel, {"close": panel.fields["close"]})

    assert shown[["timestamp", "symbol"]].equals(
        shown[["timestamp", "symbol"]].sort_values(["timestamp", "symbol"], ignore_index=True)
    )
    assert str(shown["timestamp"].dt.tz) == "UTC"
    assert len(shown) == (panel.member & ~np.isnan(panel.fields["close"])).sum()
    assert shown.notna().to_numpy().all()


def test_a_panel_goes_out_and_comes_back():
    panel = MadeUpMarket(1).panel(PAIR, "XNYS", 20200102, 20200331)
    table = frame_of(panel, {**panel.fields, "close_research": panel.fields["close"]})

    back = panel_of(table.drop(columns="raw_close"), PAIR)

    assert back.identity == panel.identity
    assert back.snapshot == panel.snapshot


def test_the_snapshot_follows_the_closes_alone():
    panel = random_panel()
    other = panel.with_fields({"volume": panel.fields["volume"] * 2.0})

    assert other.snapshot == panel.snapshot
    assert other.identity != panel.identity
    assert panel.with_fields({"close": panel.fields["close"] * 1.0}).snapshot == panel.snapshot


def test_prices_with_an_amount_added_are_refused():
    bars = replace(to_bars(daily(), SHARE, drop_outside=True), adjusted="add")
    with pytest.raises(DataError, match="adjusted by a ratio or not at all, received 1d .*'add'"):
        panel_of_bars([bars], PAIR)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("close", -1.0, "close must be a price above 0; S00 at 20190104 holds -1.0"),
        ("high", 0.1, "high must not lie below low; S00 at 20190104 holds 0.1"),
        ("volume", -5.0, "volume must not be negative"),
        ("sector", np.inf, "sector must be finite or unknown"),
    ],
)
def test_a_panel_refuses_a_value_by_field_symbol_and_date(name, value, message):
    panel = random_panel(gaps=0.0)
    broken = panel.fields[name].copy()
    broken[2, 0] = value

    with pytest.raises(DataError, match=message):
        panel.with_fields({name: broken})


def test_a_panel_cannot_be_changed_behind_its_back():
    close = np.array([[1.0], [2.0]])
    panel = grid({"close": close})

    close[0, 0] = 99.0

    assert panel.fields["close"][0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        panel.fields["close"][0, 0] = 5.0


def test_dates_that_do_not_rise_and_symbols_that_are_not_sorted_are_refused():
    panel = closes([1.0, 2.0], [3.0, 4.0])

    with pytest.raises(DataError, match="session must rise; row 1 holds 20190102 after 20190103"):
        replace(panel, session=panel.session[::-1])
    with pytest.raises(DataError, match="symbols must be sorted"):
        replace(panel, symbols=("B", "A"))


def test_a_frequency_without_a_year_is_refused():
    panel = closes([1.0])

    with pytest.raises(SettingsError, match="freq must be one of .*received '7min'"):
        Panel(
            "7min", "XNYS", panel.session, panel.close_ns, ("A",), dict(panel.fields), panel.member
        )
