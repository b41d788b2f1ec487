from inspect import signature

import pytest

from alphamill.indicators.table import INDICATORS


@pytest.mark.parametrize("row", INDICATORS, ids=lambda row: row.name)
def test_a_default_of_the_function_is_the_customary_value_of_the_table(row):
    arguments = [p for p in signature(row.function).parameters.values() if p.name in row.params]

    defaults = {p.name: p.default for p in arguments if p.default is not p.empty}

    assert defaults == {name: row.params[name] for name in defaults}
