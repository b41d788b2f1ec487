"""Who must act decides the class, and the class decides the exit code."""

import pytest

from alphamill.core import errors
from alphamill.core.clock import ReplayClock

CODES = {
    "MillError": 1,
    "SettingsError": 2,
    "DataError": 3,
    "GateError": 4,
    "BrokerError": 5,
}


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_each_class_has_its_own_exit_code(name, code):
    error = getattr(errors, name)

    assert error("why").exit_code == code
    assert issubclass(error, errors.MillError)
    assert str(error("why")) == "why"


def test_no_class_is_without_a_code():
    classes = {n for n, v in vars(errors).items() if isinstance(v, type)}

    assert classes == set(CODES)


def test_a_replayed_clock_stands_where_it_is_put():
    clock = ReplayClock(7)
    clock.at_ns += 1

    assert [clock.now_ns(), clock.now_ns()] == [8, 8]
