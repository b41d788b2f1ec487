"""The factor panel as the seed's command writes it."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.data.universe import Stay, Universe, read_universe
from alphamill.factors.events import Events
from alphamill.factors.export import factor_panel, panel_stem, write_factor_panel
from alphamill.factors.markets import MadeUpMarket
from alphamill.factors.panel import Panel
from tests.data.test_universe import ROOT
from tests.factors.markets import MARKET, UNIVERSE, request


@dataclass(frozen=True)
class Changed:
    """The made-up market without events, that tells more of prices than it was asked for."""

    def panel(self, universe: Universe, calendar: str, first: int, last: int) -> Panel:
        return MARKET.panel(universe, calendar, first - 10_000, last + 100)

    def events(self, universe: Universe, kinds: frozenset[str], last: int) -> dict[str, Events]:
        return {}


def test_files_are_named_as_the_seed_writes_them():
    universe = read_universe(ROOT / "config" / "universe_ai_tech_tickers.txt")
    asked = request(universe=universe, factor_set="core+alt_full")

    assert panel_stem(asked) == "factor_panel_universe_ai_tech_core+alt_full_20d_1d"


def test_the_file_has_keys_label_and_factors_and_its_text_says_what_they_are(tmp_path):
    written = write_factor_panel(request(factor_set="core+alt_full"), MARKET, tmp_path)

    table = pd.read_parquet(written.path)
    about = json.loads(written.metadata_path.read_text())

    assert written.path.parent.name == "factor_panels"
    assert list(table.columns[:4]) == ["timestamp", "symbol", "fwd_return_20d", "returns_1m"]
    assert list(table.columns[3:]) == [row["name"] for row in about["factors"]]
    assert about["universe"]["survivorship_biased"] is True
    assert about["label"]["entry"] == "next_open"
    assert about["point_in_time"]["fwd_return_20d"] is False
    assert about["events"]["insider"]["publication"] == "stated"
    assert (about["n_rows"], about["n_symbols"]) == (len(table), 3)
    assert not set(table.columns) & {"open", "high", "low", "close", "volume"}


def test_the_first_row_is_as_complete_as_the_last():
    table = factor_panel(request(factor_set="core+alt_full"), MARKET).frame

    # F25: a year of history lies before the first date asked for.
    first = table[table["timestamp"] == table["timestamp"].min()]
    prices = [c for c in table if c.startswith(("returns", "trend", "rev", "rv", "mom"))]
    assert first[prices].notna().to_numpy().all()
    assert table["timestamp"].min() == pd.Timestamp("2019-06-03 20:00", tz="UTC")


def test_nothing_after_the_last_date_is_read():
    table = factor_panel(request(), MARKET).frame

    dates = np.sort(table["timestamp"].unique())
    unknown = table.loc[table["fwd_return_20d"].isna(), "timestamp"].unique()
    # A label of 20 sessions that begins at the next open needs 21 dates more.
    assert sorted(unknown) == list(dates[-21:])


def test_a_market_that_tells_too_much_is_not_listened_to():
    built, plain = (factor_panel(request(), market) for market in (Changed(), MARKET))

    assert built.frame.equals(plain.frame)
    assert built.metadata["panel"] == plain.metadata["panel"]


def test_two_runs_are_the_same_bytes(tmp_path):
    one, other = (write_factor_panel(request(), MARKET, tmp_path / k) for k in "ab")

    assert one.path.read_bytes() == other.path.read_bytes()
    assert one.metadata_path.read_bytes() == other.metadata_path.read_bytes()


def test_a_later_start_changes_no_value():
    whole = factor_panel(request(factor_set="core+alt_full"), MARKET).frame
    late = factor_panel(request(factor_set="core+alt_full", start_date=20190708), MARKET).frame

    same = whole[whole["timestamp"] >= late["timestamp"].min()].reset_index(drop=True)

    assert (same["symbol"] == late["symbol"]).all()
    names = late.columns[2:]
    np.testing.assert_allclose(same[names], late[names], rtol=1e-9, atol=1e-12)


def test_who_is_no_member_has_no_row():
    dated = Universe("u", (Stay("AAA", 20190610, 20190617), Stay("BBB", 20180101, 20300101)), False)

    built = factor_panel(request(universe=dated), MARKET)

    mine = built.frame[built.frame["symbol"] == "AAA"]["timestamp"].dt.strftime("%Y%m%d")
    assert (mine.min(), mine.max(), len(mine)) == ("20190610", "20190614", 5)
    assert built.metadata["universe"]["membership"] == "dated"
    # Its label reaches beyond its stay.
    assert built.frame["fwd_return_20d"].notna().sum() > 5


def test_a_factor_whose_prices_are_not_known_is_left_out_and_named():
    built = factor_panel(request(factor_set="vol_liquidity"), MARKET)

    assert built.metadata["left_out"] == {"turnover": "the prices have no freefloat"}
    assert "turnover" not in built.frame


def test_a_set_without_its_table_of_events_is_refused():
    with pytest.raises(SettingsError, match=r"earnings events.*choose a factor set without it"):
        factor_panel(request(factor_set="core+alt"), Changed())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"factor_set": "kore"}, "factor set must be one of .*nearest are .*core"),
        ({"freq": "5min"}, "freq must be that of the prices, 1d, received '5min'"),
        ({"start_date": 20200101}, "start_date must not lie after end_date"),
        ({"factor_set": "core+ml"}, "takes ml_alpha_... columns of a panel, received none"),
        ({"horizon_days": 0}, "at least 1, received 0"),
    ],
)
def test_what_cannot_be_built_is_refused(changes, message):
    with pytest.raises(SettingsError, match=message):
        factor_panel(request(**changes), MARKET)


def ml_file(tmp_path, **columns):
    table = factor_panel(request(), MARKET).frame[["timestamp", "symbol"]]
    path = tmp_path / "ml.parquet"
    table.assign(**columns)[::-1].iloc[5:].to_parquet(path)
    return path


def test_a_models_columns_are_joined_by_key_and_gaps_stay_unknown(tmp_path):
    path = ml_file(tmp_path, ml_alpha_ridge_20d=np.arange(126.0), rv_20=0.0)

    built = factor_panel(request(factor_set="core+ml", ml_panel=path), MARKET)

    told = built.frame["ml_alpha_ridge_20d"]
    assert told.iloc[:-5].tolist() == list(np.arange(121.0))
    assert told.iloc[-5:].isna().all()
    assert built.metadata["ml_alphas"] == ["ml_alpha_ridge_20d"]
    assert (built.frame["rv_20"] > 0).all()


def test_a_file_without_a_models_columns_is_refused(tmp_path):
    with pytest.raises(DataError, match="must have columns ml_alpha_"):
        factor_panel(request(factor_set="ml_alpha_only", ml_panel=ml_file(tmp_path)), MARKET)


def test_a_set_that_takes_no_models_refuses_their_file(tmp_path):
    path = ml_file(tmp_path, ml_alpha_ridge_20d=1.0)
    with pytest.raises(SettingsError, match="takes no columns of models"):
        factor_panel(request(ml_panel=path), MARKET)


def test_a_made_up_panel_says_that_it_is():
    built = factor_panel(request(), MadeUpMarket(5))

    assert "made-up prices and events, seed 5" in built.metadata["notes"]
    assert built.metadata["snapshot"] != factor_panel(request(), MARKET).metadata["snapshot"]
    assert UNIVERSE.is_survivorship_biased


def test_a_factor_of_ones_own_is_one_line():
    formulas = {"my_reversal": "-1 * rank(delta(close, 5))"}

    built = factor_panel(request(formulas=formulas), MARKET)

    assert sorted(built.frame["my_reversal"].unique()) == pytest.approx([-1.0, -2 / 3, -1 / 3])
    assert built.metadata["factors"][-1]["formula"] == "multiply(-1, rank(delta(close, 5)))"


@pytest.mark.parametrize("name", ["rv_20", "fwd_return_5d", "post_drift", "ml_alpha_x", "a b"])
def test_a_name_that_is_taken_or_says_something_else_is_refused(name):
    with pytest.raises(SettingsError, match=f"received {name!r}. Rename it"):
        factor_panel(request(formulas={name: "close"}), MARKET)


def test_a_formula_of_a_label_is_refused():
    with pytest.raises(SettingsError, match="would read the future"):
        factor_panel(request(formulas={"mine": "log(delay(close, -20) / close)"}), MARKET)


def test_a_slip_of_the_pen_is_not_left_out_in_silence():
    with pytest.raises(SettingsError, match=r"factor 'mine' reads \['clse'\]"):
        factor_panel(request(formulas={"mine": "rank(clse)"}), MARKET)


def test_a_factor_of_ones_own_may_read_events():
    built = factor_panel(request(formulas={"mine": "rank(earnings_eps_gap)"}), MARKET)

    assert built.frame["mine"].notna().any()
    assert list(built.metadata["events"]) == ["earnings"]


def test_dates_without_prices_are_refused():
    with pytest.raises(DataError, match="must have prices between 20190706 and 20190707"):
        factor_panel(request(start_date=20190706, end_date=20190707), MARKET)
