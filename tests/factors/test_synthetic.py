"""The made-up market: one seed, one history, whoever else is asked for."""

import numpy as np

from alphamill.factors.events import events_of
from alphamill.factors.synthetic import SyntheticMarket

ONE = SyntheticMarket(7)


def test_a_symbols_prices_depend_on_neither_the_others_nor_the_dates():
    long = ONE.prices(("AAA", "BBB"), 20100104, 20120105)
    short = ONE.prices(("BBB",), 20110103, 20110601)

    same = long.merge(short, on=["timestamp", "symbol"], suffixes=("", "_short"))

    assert len(same) == len(short) == 104
    for name in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(same[name], same[f"{name}_short"])


def test_a_later_end_leaves_the_records_before_as_they_were():
    early, late = (ONE.events(("AAA",), last) for last in (20111230, 20121231))

    for kind in early:
        known = events_of(early[kind], kind)
        more = events_of(late[kind], kind)
        shared = int((more.known_ns <= known.known_ns[-1]).sum())
        assert abs(shared - len(known)) <= 2
        n = min(len(known), shared) - 2
        for name in known.numbers:
            assert np.array_equal(known.numbers[name][:n], more.numbers[name][:n], equal_nan=True)


def test_two_seeds_are_two_markets():
    one, other = (
        np.diff(np.log(SyntheticMarket(seed).prices(("AAA",), 20110103, 20130601)["close"]))
        for seed in (7, 8)
    )

    assert abs(np.corrcoef(one, other)[0, 1]) < 0.2
