"""Events count from the moment they were public, at the row whose close it does not come after."""

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.data.calendar import schedule
from alphamill.factors.altdata import EARNINGS_DAYS, with_events
from alphamill.factors.compute import compute
from alphamill.factors.events import events_of, read_events
from alphamill.factors.library.table import BY_NAME, expressions
from alphamill.factors.macro_state import released
from alphamill.factors.panel import Panel
from tests.factors.markets import earnings, insider, releases


def panel_from(first: int, n_dates: int = 80, symbols: tuple[str, ...] = ("AAA", "BBB")) -> Panel:
    plan = schedule("XNYS", first, first + 20_000)
    ones = np.ones((n_dates, len(symbols)))
    return Panel(
        freq="1d",
        calendar="XNYS",
        session=plan.session[:n_dates],
        close_ns=plan.close_ns[:n_dates],
        symbols=symbols,
        fields={"close": 50.0 * ones, "raw_close": 50.0 * ones, "volume": 1000.0 * ones},
        member=ones.astype(np.bool_),
    )


def factor(panel: Panel, name: str, **events: object) -> pd.DataFrame:
    e = expressions([BY_NAME[name]])
    told = compute(with_events(panel, events, e[name].fields), e)[name]
    return pd.DataFrame(told, index=panel.session, columns=list(panel.symbols))


def test_a_deal_on_saturday_told_after_mondays_close_counts_from_tuesday():
    # 2020-02-03 17:30 in New York is 22:30 UTC.
    deals = insider(("AAA", "2020-02-01T15:00Z", "2020-02-03T22:30Z", "buy", 1e6))

    told = factor(panel_from(20200131, 5), "insider_buy_count_60d", insider=deals)["AAA"]

    assert told.to_dict() == {20200131: 0, 20200203: 0, 20200204: 1, 20200205: 1, 20200206: 1}


def test_a_deal_told_before_the_close_counts_at_that_close():
    deals = insider(("AAA", "2020-02-01T15:00Z", "2020-02-03T20:59Z", "buy", 1e6))

    told = factor(panel_from(20200131, 3), "insider_buy_count_60d", insider=deals)["AAA"]

    assert told.tolist() == [0.0, 1.0, 1.0]


def test_a_deal_told_at_the_very_close_counts_at_it_and_leaves_sixty_days_later():
    deals = insider(("AAA", "2020-02-01T15:00Z", "2020-02-03T21:00Z", "buy", 1e6))
    told = factor(panel_from(20200131, 60), "insider_buy_count_60d", insider=deals)["AAA"]
    assert told.iloc[:3].tolist() == [0.0, 1.0, 1.0]

    # Sixty days after the close of 3 February, in summer time: told at that minute of April.
    early = insider(("AAA", "2020-02-01T15:00Z", "2020-02-03T20:00Z", "buy", 1e6))
    left = factor(panel_from(20200131, 60), "insider_buy_count_60d", insider=early)["AAA"]
    assert left.loc[[20200402, 20200403]].tolist() == [1.0, 0.0]


def test_a_figure_and_a_score_at_the_very_close_are_known_at_it():
    panel = panel_from(20200203, 3)
    figure = releases(("CPI", "2020-01-31", "2020-02-04T21:00Z", 3.5))
    report = earnings(("AAA", "2020-02-04T21:00Z", "2020-02-04T21:00Z", 2.1, 2.0))

    assert np.isnan(released(panel, figure, ("CPI",))).tolist() == [True, False, False]
    seen = factor(panel, "earnings_eps_surprise_last", earnings=report)["AAA"]
    assert seen.isna().tolist() == [True, False, False]


def test_no_number_of_articles_is_known_before_the_feed_begins():
    table = pd.DataFrame({"timestamp": ["2020-02-05"], "symbol": ["AAA"]})
    told = events_of(table.assign(sentiment_score=0.1, sentiment_volume=2.0), "sentiment")

    panel = with_events(panel_from(20200203, 6), {"sentiment": told}, ["news_articles"])

    # Its first record is public when 5 February is over: the session of the 7th is the first whole.
    assert np.isnan(panel.fields["news_articles"][:4, 0]).all()
    assert panel.fields["news_articles"][4:, 0].tolist() == [0.0, 0.0]


def test_a_date_without_a_time_counts_from_the_next_session():
    deals = insider(("AAA", "2020-01-31", "2020-02-03", "buy", 1e6))

    told = factor(panel_from(20200131, 3), "insider_buy_count_60d", insider=deals)["AAA"]

    assert told.tolist() == [0.0, 0.0, 1.0]


def test_the_insider_numbers_of_the_specification():
    deals = insider(
        ("AAA", "2020-01-20T15:00Z", "2020-01-20T16:00Z", "buy", 1.0e6),
        ("AAA", "2020-01-25T15:00Z", "2020-01-25T16:00Z", "sell", 0.5e6),
        ("AAA", "2020-01-25T15:00Z", "2020-01-25T16:00Z", "exercise", 9e9),
    )
    panel = panel_from(20200127, 60)

    names = ("net_notional", "buy_count", "sell_count", "buy_sell_ratio")
    told = [factor(panel, f"insider_{name}_60d", insider=deals).iloc[0] for name in names]

    assert [row["AAA"] for row in told] == [0.5e6, 1.0, 1.0, 0.0]
    # Nothing known of BBB: no deals, so no balance, and no infinity with buys alone.
    assert np.array_equal([r["BBB"] for r in told], [0.0, 0.0, 0.0, np.nan], equal_nan=True)


def test_buys_alone_are_a_balance_of_one_and_a_deal_leaves_after_sixty_days():
    deals = insider(("AAA", "2020-01-20T15:00Z", "2020-01-20T16:00Z", "buy", 1e6))

    told = factor(panel_from(20200121, 60), "insider_buy_sell_ratio_60d", insider=deals)["AAA"]

    assert told.loc[:20200319].eq(1.0).all()
    assert told.loc[20200320:].isna().all()


def test_no_count_is_known_before_the_feed_covers_its_days():
    deals = insider(("BBB", "2020-01-20T15:00Z", "2020-01-20T16:00Z", "buy", 1.0))
    deals = events_of(
        pd.DataFrame(
            {
                "timestamp": ["2020-01-20T15:00Z"],
                "disclosure_date": ["2020-01-20T16:00Z"],
                "symbol": ["BBB"],
                "event_type": ["insider_trade"],
                "event_id": ["1"],
                "direction": ["buy"],
            }
        ),
        "insider",
    )

    told = factor(panel_from(20200121, 60), "insider_buy_count_60d", insider=deals)["AAA"]

    assert told.loc[:20200319].isna().all()
    assert told.loc[20200320:].eq(0.0).all()


def test_net_notional_is_measured_against_twenty_sessions_of_trade():
    deals = insider(("AAA", "2020-01-20T15:00Z", "2020-01-20T16:00Z", "buy", 1e6))

    told = factor(panel_from(20200121, 30), "insider_net_notional_normalized_60d", insider=deals)

    assert told["AAA"].iloc[:19].isna().all()
    assert told["AAA"].iloc[19] == pytest.approx(1e6 / (50.0 * 1000.0))


@pytest.mark.parametrize(
    ("actual", "estimate", "surprise", "flags"),
    [(2.1, 2.0, 5.0, [1, 0]), (1.8, 2.0, -10.0, [0, 1]), (3.0, 3.0, 0.0, [0, 0])],
)
def test_the_earnings_numbers_of_the_specification(actual, estimate, surprise, flags):
    told = earnings(("AAA", "2020-01-30T21:30Z", "2020-01-30T21:30Z", actual, estimate))
    panel = panel_from(20200130, 3)

    names = [f"earnings_{name}_surprise_flag" for name in ("positive", "negative")]
    seen = [factor(panel, name, earnings=told)["AAA"].iloc[-1] for name in names]

    assert factor(panel, "earnings_eps_surprise_last", earnings=told)["AAA"].iloc[1] == (
        pytest.approx(surprise)
    )
    assert seen == flags


def test_a_report_after_the_close_is_known_the_next_session_and_none_is_no_surprise_of_zero():
    told = earnings(("AAA", "2020-01-30T21:30Z", "2020-01-30T21:30Z", 2.1, 2.0))

    seen = factor(panel_from(20200130, 3), "earnings_positive_surprise_flag", earnings=told)

    assert np.array_equal(seen["AAA"], [np.nan, 1.0, 1.0], equal_nan=True)
    assert seen["BBB"].isna().all()


def test_the_last_report_before_the_panel_counts_and_expires():
    told = earnings(("AAA", "2020-01-02T21:30Z", "2020-01-02T21:30Z", 2.1, 2.0))

    seen = factor(panel_from(20200203, 80), "earnings_eps_surprise_last", earnings=told)["AAA"]

    assert seen.iloc[0] == pytest.approx(5.0)
    # 95 days after 2 January 2020 is 6 April; known at 21:30 UTC, after that day's close.
    assert EARNINGS_DAYS == 95
    assert seen.loc[:20200406].notna().all()
    assert seen.loc[20200407:].isna().all()


def test_a_late_word_on_an_older_quarter_does_not_replace_the_newer_one():
    told = earnings(
        ("AAA", "2020-02-03T15:00Z", "2020-02-03T15:00Z", 2.1, 2.0),
        ("AAA", "2019-11-01T15:00Z", "2020-02-04T15:00Z", 1.0, 2.0),
        ("AAA", "2020-02-03T15:00Z", "2020-02-05T15:00Z", 2.2, 2.0),
    )

    seen = factor(panel_from(20200203, 4), "earnings_eps_surprise_last", earnings=told)["AAA"]

    assert seen.tolist() == pytest.approx([5.0, 5.0, 10.0, 10.0])


def test_an_estimate_of_nothing_gives_no_surprise():
    told = earnings(("AAA", "2020-02-03T15:00Z", "2020-02-03T15:00Z", 2.1, 0.0))

    panel = panel_from(20200203, 2)
    assert factor(panel, "earnings_eps_surprise_last", earnings=told)["AAA"].isna().all()
    gap = factor(panel, "earnings_eps_surprise_to_price", earnings=told)["AAA"]
    assert gap.iloc[0] == pytest.approx(2.1 / 50.0)


def sentiment(*rows: tuple[str, str, float, float]):
    columns = ["timestamp", "symbol", "sentiment_score", "sentiment_volume"]
    return events_of(pd.DataFrame(rows, columns=columns), "sentiment", covers_from="2019-01-01")


def test_a_days_news_are_known_the_next_session_and_weekends_on_monday():
    told = sentiment(
        ("2020-02-06", "AAA", 0.2, 3), ("2020-02-07", "AAA", 0.4, 1), ("2020-02-08", "AAA", 0.8, 2)
    )
    panel = with_events(
        panel_from(20200206, 3), {"sentiment": told}, ["news_score", "news_articles"]
    )

    # Thursday's on Friday, Friday's and Saturday's on Monday.
    scores, articles = (panel.fields[n][:, 0] for n in ("news_score", "news_articles"))
    assert scores[1:].tolist() == pytest.approx([0.2, 0.6])
    assert articles[1:].tolist() == pytest.approx([3.0, 3.0])


def test_stale_news_are_not_carried_and_the_market_does_not_stand_in():
    told = sentiment(("2020-02-03", "AAA", 0.5, 1), ("2020-02-04", "", 0.9, 1))

    seen = factor(panel_from(20200203, 12), "news_sentiment_mean_20d", sentiment=told)

    assert seen["AAA"].iloc[1:6].tolist() == [0.5] * 5
    assert seen["AAA"].iloc[6:].isna().all()
    assert seen["BBB"].isna().all()
    market = factor(panel_from(20200203, 12), "news_market_sentiment_mean_20d", sentiment=told)
    assert market["BBB"].iloc[2] == 0.9


def test_a_figure_counts_from_its_release_and_stays_until_the_next():
    told = releases(
        ("CPI", "2020-01-31", "2020-02-04T13:30Z", 3.5),
        ("GDP", "2019-12-31", "2020-02-05T13:30Z", 2.5),
    )
    panel = panel_from(20200203, 6)

    inflation = factor(panel, "macro_inflation_regime", macro=told)["AAA"]

    # Days on which only GDP was released do not make inflation neutral: F8.
    assert np.array_equal(inflation, [np.nan, 1, 1, 1, 1, 1], equal_nan=True)
    growth = factor(panel, "macro_growth_regime", macro=told)["AAA"]
    assert np.array_equal(growth, [np.nan, np.nan, 1, 1, 1, 1], equal_nan=True)


def test_a_figure_at_a_mark_does_not_flip_the_regime_and_no_country_mixes_in():
    values = [3.1, 2.95, 2.85, 2.7]
    told = releases(
        *(("CPI", f"2020-01-0{k + 1}", f"2020-02-0{k + 3}T13:30Z", v) for k, v in enumerate(values))
    )

    seen = factor(panel_from(20200203, 5), "macro_inflation_regime", macro=told)["AAA"]

    assert seen.tolist() == [1.0, 1.0, 1.0, 0.0, 0.0]
    assert np.isnan(released(panel_from(20200203, 5), told, ("CPI",), country="DE")).all()


def test_a_table_without_publication_dates_is_refused_and_a_delay_is_stated():
    table = pd.DataFrame(
        {
            "timestamp": ["2020-02-03T15:00Z"],
            "symbol": ["AAA"],
            "event_type": ["insider_buy"],
            "event_id": ["1"],
            "direction": ["buy"],
        }
    )

    with pytest.raises(DataError, match=r"must say when it was public, in one of \['disclosure"):
        events_of(table, "insider")
    told = events_of(table, "insider", assume_delay=True)
    assert told.publication == "assumed 2 days after the event"
    assert pd.Timestamp(told.known_ns[0]) == pd.Timestamp("2020-02-06 05:00")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"disclosure_date": "2020-01-01T00:01Z"},
            "row 0, column disclosure_date: .*before it hap",
        ),
        ({"effective_date": "2020-02-03T16:00Z"}, "row 0, column effective_date: .*before it was"),
        ({"timestamp": "soon"}, "row 0, column timestamp: must be a moment .*received 'soon'"),
        ({"eps_actual": "many"}, "row 0, column eps_actual: must be a finite .*received 'many'"),
        ({"eps_actual": np.inf}, "row 0, column eps_actual: .*received inf"),
        ({"non_public": True}, "row 0, column non_public: only public"),
    ],
)
def test_a_broken_record_is_refused_by_row_and_column(changes, message):
    row = {"timestamp": "2020-02-03T15:00Z", "symbol": "A", "event_type": "earnings"}
    row |= {"event_id": "1", "disclosure_date": "2020-02-04T15:00Z", "eps_actual": 1.0}

    with pytest.raises(DataError, match=f"x.csv: {message}"):
        events_of(pd.DataFrame([row | changes]), "earnings", where="x.csv")


def test_a_record_may_be_of_use_later_than_it_was_public():
    row = {"timestamp": "2020-02-03T15:00Z", "symbol": "A", "event_type": "e", "event_id": "1"}
    row |= {"disclosure_date": "2020-02-04T15:00Z", "effective_date": "2020-02-05T15:00Z"}

    told = events_of(pd.DataFrame([row]), "earnings")

    assert pd.Timestamp(told.known_ns[0]) == pd.Timestamp("2020-02-05 15:00")


def test_rows_in_any_order_and_rows_twice_tell_the_same():
    rows = [("AAA", f"2020-01-{k:02d}T15:00Z", f"2020-01-{k:02d}T16:00Z", "buy", k) for k in (2, 3)]
    columns = ["symbol", "timestamp", "disclosure_date", "direction", "usd_notional"]
    table = pd.DataFrame(rows, columns=columns).assign(event_type="i", event_id=["a", "b"])

    one = events_of(table, "insider")
    twice = events_of(pd.concat([table[::-1], table]), "insider")

    assert twice.identity == one.identity


def test_files_of_both_kinds_are_read(tmp_path):
    row = {"timestamp": "2020-02-03T15:00Z", "macro_code": "CPI", "value": 2.0, "country": "US"}
    table = pd.DataFrame([row | {"release_time": "2020-02-04T13:30Z"}])
    table.to_csv(tmp_path / "m.csv", index=False)
    table.to_parquet(tmp_path / "m.parquet")

    one, other = (read_events(tmp_path / f"m.{kind}", "macro") for kind in ("csv", "parquet"))

    assert one.identity == other.identity
    with pytest.raises(SettingsError, match=r"must be \.parquet or \.csv"):
        read_events(tmp_path / "m.xls", "macro")
    with pytest.raises(DataError, match=r"gone\.csv: must be a table of macro events"):
        read_events(tmp_path / "gone.csv", "macro")


def test_a_field_without_its_table_is_refused_and_the_file_is_named():
    with pytest.raises(SettingsError, match=r"earnings events.*events_earnings\.parquet"):
        factor(panel_from(20200203, 2), "earnings_eps_surprise_last")


def test_a_deal_told_twice_is_not_counted_twice():
    rows = [("1", "2020-02-04T15:00Z"), ("1", "2020-02-05T15:00Z")]
    table = pd.DataFrame(rows, columns=["event_id", "disclosure_date"])
    table = table.assign(timestamp="2020-02-03", symbol="A", event_type="i", direction="buy")

    with pytest.raises(DataError, match="row 1, column event_id: '1' is there with other moments"):
        events_of(table, "insider")
