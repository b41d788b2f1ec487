"""Limits and wishes: what cannot be is refused by name."""

import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.portfolio.limits import Cap, Limits

from .accounts import wish


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"max_positions": 0}, "max_positions must be a whole number from 1, received 0"),
        ({"max_positions": True}, "max_positions must be a whole number from 1, received True"),
        ({"reducing_sessions": 0}, "reducing_sessions must be a whole number from 1"),
        ({"daily_stop": -2500.0}, "daily_stop must be above 0 or null, received -2500.0"),
        ({"margin_frac": float("inf")}, "margin_frac must be above 0 or null, received inf"),
        ({"sharing": "hedge"}, "sharing must be one of one, same_side, net, received 'hedge'"),
        ({"when_full": "wait"}, "when_full must be one of skip, displace, received 'wait'"),
        (
            {"drawdown_reduce": 2.0, "drawdown_halt": 2.0},
            "drawdown_reduce must be smaller than drawdown_halt, received 2.0 and 2.0",
        ),
    ],
)
def test_limits_that_cannot_be_are_refused(given, message):
    with pytest.raises(SettingsError, match=message):
        Limits(**({"max_positions": 4} | given))


def test_a_cap_is_a_count_or_none():
    with pytest.raises(SettingsError, match="cap of 'fx' must be a whole number of at least 0"):
        Cap(None, {"fx": -1})
    assert (Cap(2, {"fx": 0}).of("fx"), Cap(2, {"fx": 0}).of("other"), Cap().of("x")) == (
        0,
        2,
        None,
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"side": 0}, "a@1: side must be 1 or -1, received 0"),
        ({"units": 1.5}, "a@1: units must be a whole number of at least 0, received 1.5"),
        ({"units": -1}, "a@1: units must be a whole number"),
        ({"priority": float("nan")}, "a@1: priority must be a finite number, received nan"),
        ({"margin": None}, "a@1: margin must be a finite number, received None"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(given, message):
    with pytest.raises(DataError, match=message):
        wish("a", **given)
