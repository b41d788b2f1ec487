"""Signals: only the positive ones are held, and only the best of each class."""

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.portfolio.allocate.allocator import Allocator
from alphamill.portfolio.allocate.signals import trend

from .markets import CLASSES, returns


def weights(rule, signals, **limits):
    given = dict(zip("ABCDE", signals, strict=True))
    fitted = Allocator(rule, **limits).fit(returns(60), classes=CLASSES, signals=given)
    return fitted.weights_


def test_weights_go_by_positive_signals():
    found = weights("signal_weighted", [0.2, -0.5, 0.6, 0.0, np.nan])

    np.testing.assert_allclose(found, [0.25, 0.0, 0.75, 0.0, 0.0])


@pytest.mark.parametrize(
    ("rule", "each"), [("signal_weighted", 0.0), ("signal_or_equal", 0.2), ("sector_rotation", 0.0)]
)
def test_without_a_positive_signal_all_is_cash_unless_equal_is_asked(rule, each):
    fitted = Allocator(rule).fit(returns(60), classes=CLASSES, signals=dict.fromkeys("ABCDE", -0.1))

    np.testing.assert_allclose(fitted.weights_, np.full(5, each))
    assert fitted.fallback_ is None


def test_rotation_holds_the_best_of_each_class_and_skips_a_falling_one():
    found = weights("sector_rotation", [0.1, 0.4, 0.3, 0.3, -0.2])

    np.testing.assert_allclose(found, [0.0, 1 / 3, 1 / 3, 0.0, 0.0])


def test_a_share_that_a_cap_cuts_off_does_not_move_to_another_class():
    found = weights("sector_rotation", [0.1, 0.4, 0.3, 0.2, 0.2], per_class={"stocks": 0.1})

    np.testing.assert_allclose(found, [0.0, 0.1, 1 / 3, 0.0, 1 / 3])


def test_rotation_by_volatility_holds_as_much_but_more_of_the_calm():
    signals = [0.1, 0.4, 0.3, 0.2, -0.2]
    spread = returns(60)[["B", "C"]].std().to_numpy()

    found = weights("rotation_by_volatility", signals)

    np.testing.assert_allclose(found[1:3], 2 / 3 * (1 / spread) / (1 / spread).sum())
    assert found.sum() == pytest.approx(weights("sector_rotation", signals).sum())


def test_a_rule_that_reads_signals_asks_for_them():
    with pytest.raises(SettingsError, match="sector_rotation reads signals"):
        Allocator("sector_rotation").fit(returns(60))


def test_unknown_signals_fall_back_by_name():
    fitted = Allocator("signal_weighted").fit(returns(60), signals={"A": np.nan})

    assert fitted.fallback_.used == "inverse_volatility"
    assert fitted.fallback_.reason == "signal_weighted: no signal is known"


def test_the_trend_is_what_a_slow_loop_says_and_knows_no_later_day():
    frame = returns(200)

    found = trend(frame, 30)

    row = frame.iloc[70:100]
    slow = np.tanh(row.sum() / (row.std() * np.sqrt(30)))
    np.testing.assert_allclose(found.iloc[99], slow)
    pd.testing.assert_frame_equal(found.iloc[:100], trend(frame.iloc[:100], 30))
    assert found.iloc[:29].isna().all(axis=None)
    with pytest.raises(DataError, match="at least 2 days"):
        trend(frame, 1)
