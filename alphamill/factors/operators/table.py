"""The table of operators: one row each. Names follow Kakushadze (2016), "101 Formulaic Alphas".

Where the paper leaves something open, the row's meaning says what is done here. A name that cannot
be found, a window of 0 rows or a look ahead (``delay(close, -1)``) is an error.
"""

from difflib import get_close_matches
from functools import partial
from typing import Final

from alphamill.core.errors import SettingsError
from alphamill.factors.operators import elements, sections, windows
from alphamill.factors.operators.operator import Operator, Parameter

_N: Final = Parameter("n", low=1)
_N_PAIRS: Final = Parameter("n", low=2)
_MIN_OBS: Final = Parameter("min_obs", low=1, follows="n")
_MIN_PAIRS: Final = Parameter("min_obs", low=2, follows="n")


def _window(n: int, *rest: int) -> int:
    return n - 1


def _lag(n: int) -> int:
    return n


cell = partial(Operator, kind="cell")
window = partial(Operator, kind="window", rows_before=_window)
section = partial(Operator, kind="section", n_inputs=1)

OPERATORS: Final = (
    cell(
        name="add",
        n_inputs=2,
        function=elements.add,
        meaning="x + y",
        symbol="+",
    ),
    cell(name="subtract", n_inputs=2, function=elements.subtract, meaning="x - y", symbol="-"),
    cell(name="multiply", n_inputs=2, function=elements.multiply, meaning="x * y", symbol="*"),
    cell(
        name="divide",
        n_inputs=2,
        function=elements.divide,
        meaning="x / y; not known where y is 0",
        symbol="/",
    ),
    cell(
        name="power",
        n_inputs=2,
        function=elements.power,
        meaning="x ** y; not known where it is not a real number",
        symbol="**",
    ),
    cell(
        name="is_less",
        n_inputs=2,
        function=elements.is_less,
        meaning="1 where x < y, else 0; not known where either is not",
        symbol="<",
    ),
    cell(
        name="is_at_most",
        n_inputs=2,
        function=elements.is_at_most,
        meaning="1 where x <= y, else 0; not known where either is not",
        symbol="<=",
    ),
    cell(name="negative", n_inputs=1, function=elements.negative, meaning="-x"),
    cell(name="abs", n_inputs=1, function=elements.absolute, meaning="size of x"),
    cell(
        name="log",
        n_inputs=1,
        function=elements.log,
        meaning="natural logarithm; not known where x <= 0",
    ),
    cell(name="sqrt", n_inputs=1, function=elements.sqrt, meaning="square root"),
    cell(name="exp", n_inputs=1, function=elements.exp, meaning="e ** x"),
    cell(name="sign", n_inputs=1, function=elements.sign, meaning="-1, 0 or 1"),
    cell(
        name="signed_power",
        n_inputs=1,
        function=elements.signed_power,
        meaning="size of x to the power a, with the sign of x",
        parameters=(Parameter("a", low=0.0, high=100.0, is_whole=False),),
    ),
    cell(name="min", n_inputs=2, function=elements.smaller, meaning="the smaller of x and y"),
    cell(name="max", n_inputs=2, function=elements.larger, meaning="the larger of x and y"),
    cell(
        name="where",
        n_inputs=3,
        function=elements.where,
        meaning="y where x is not 0, else z; not known where x is not",
    ),
    cell(
        name="first_known",
        n_inputs=2,
        function=elements.first_known,
        meaning="x, and y where x is not known",
    ),
    window(
        name="delay",
        n_inputs=1,
        function=windows.delay,
        meaning="x of n rows before",
        parameters=(Parameter("n", low=0),),
        rows_before=_lag,
    ),
    window(
        name="delta",
        n_inputs=1,
        function=windows.delta,
        meaning="x less x of n rows before",
        parameters=(_N,),
        rows_before=_lag,
    ),
    window(
        name="ts_sum",
        n_inputs=1,
        function=windows.ts_sum,
        meaning="sum of the last n rows' known values",
        parameters=(_N, _MIN_OBS),
    ),
    window(
        name="ts_mean",
        n_inputs=1,
        function=windows.ts_mean,
        meaning="mean of the last n rows' known values",
        parameters=(_N, _MIN_OBS),
    ),
    window(
        name="ts_std",
        n_inputs=1,
        function=windows.ts_std,
        meaning="sample deviation of the last n rows' known values",
        parameters=(_N_PAIRS, _MIN_PAIRS),
    ),
    window(
        name="ts_count",
        n_inputs=1,
        function=windows.ts_count,
        meaning="how many of the last n rows are known",
        parameters=(_N,),
    ),
    window(
        name="ts_product",
        n_inputs=1,
        function=windows.ts_product,
        meaning="product of the last n rows",
        parameters=(_N,),
    ),
    window(
        name="ts_min",
        n_inputs=1,
        function=windows.ts_min,
        meaning="lowest of the last n rows",
        parameters=(_N,),
    ),
    window(
        name="ts_max",
        n_inputs=1,
        function=windows.ts_max,
        meaning="highest of the last n rows",
        parameters=(_N,),
    ),
    window(
        name="ts_argmin",
        n_inputs=1,
        function=windows.ts_argmin,
        meaning="where the lowest of the last n rows lies: 1 the oldest row, n the newest; the "
        "oldest of equal ones",
        parameters=(_N,),
    ),
    window(
        name="ts_argmax",
        n_inputs=1,
        function=windows.ts_argmax,
        meaning="where the highest of the last n rows lies: 1 the oldest row, n the newest; the "
        "oldest of equal ones",
        parameters=(_N,),
    ),
    window(
        name="ts_rank",
        n_inputs=1,
        function=windows.ts_rank,
        meaning="average rank of x among its last n rows over n: above 0 up to 1",
        parameters=(_N,),
    ),
    window(
        name="ts_last",
        n_inputs=1,
        function=windows.ts_last,
        meaning="the newest known value of the last n rows",
        parameters=(_N,),
    ),
    window(
        name="ts_slope",
        n_inputs=1,
        function=windows.ts_slope,
        meaning="least-squares slope of the last n rows' known values, a row",
        parameters=(_N_PAIRS, _MIN_PAIRS),
    ),
    window(
        name="decay_linear",
        n_inputs=1,
        function=windows.decay_linear,
        meaning="mean of the last n rows with weights 1 (oldest) .. n",
        parameters=(_N,),
    ),
    window(
        name="correlation",
        n_inputs=2,
        function=windows.correlation,
        meaning="Pearson correlation over the last n rows; not known where x or y rests",
        parameters=(_N_PAIRS, _MIN_PAIRS),
    ),
    window(
        name="covariance",
        n_inputs=2,
        function=windows.covariance,
        meaning="sample covariance over the last n rows",
        parameters=(_N_PAIRS, _MIN_PAIRS),
    ),
    section(
        name="rank",
        function=sections.rank,
        meaning="average rank among the date's members over their number: above 0 up to 1",
    ),
    section(
        name="zscore",
        function=sections.zscore,
        meaning="distance from the date's mean in its population deviations; not known where all "
        "are equal",
    ),
    section(name="demean", function=sections.demean, meaning="x less the date's mean"),
    section(name="date_mean", function=sections.date_mean, meaning="the date's mean"),
    section(
        name="scale",
        function=sections.scale,
        meaning="x times what makes the sizes of a date add up to a",
        parameters=(Parameter("a", low=1e-12, high=1e12, default=1.0, is_whole=False),),
    ),
    section(
        name="winsorize",
        function=sections.winsorize,
        meaning="x cut at the date's own quantiles",
        parameters=(
            Parameter("low", low=0.0, high=0.5, default=0.01, is_whole=False),
            Parameter("high", low=0.5, high=1.0, default=0.99, is_whole=False),
        ),
    ),
    section(
        name="neutralise",
        function=sections.neutralise,
        n_inputs=2,
        meaning="x less the mean of the date's members of the same group y",
    ),
    section(
        name="residual",
        function=sections.residual,
        n_inputs=2,
        meaning="what the date's least-squares line on y leaves of x",
    ),
)
BY_NAME: Final = {row.name: row for row in OPERATORS}
BY_SYMBOL: Final = {row.symbol: row for row in OPERATORS if row.symbol}


def find(name: str) -> Operator:
    """Return the row of an operator.

    Raises
    ------
    SettingsError
        For an unknown one, with the nearest names.

    Examples
    --------
    >>> find("ts_mean").meaning
    "mean of the last n rows' known values"
    """
    if name in BY_NAME:
        return BY_NAME[name]
    near = get_close_matches(name.lower(), BY_NAME, n=3, cutoff=0.4) or list(BY_NAME)
    raise SettingsError(f"no operator is called {name!r}; the nearest are {near}. Use one of them.")
