"""Which series stands beside an instrument for a rule that reads two, and when none may."""

from collections.abc import Mapping

from alphamill.core.market import Bars
from alphamill.core.strategy import Strategy

DAY_NS = 86_400_000_000_000
# Its last bar may lie a holiday before ours; after a longer silence its price would stand still.
MAY_END_NS = 7 * DAY_NS


def others_of(
    partners: Mapping[str, str], series: Mapping[str, Bars], symbol: str, strategy: Strategy
) -> tuple[dict[str, str], str | None]:
    """Return the other series that a rule reads, by role, and why it cannot be run on ``symbol``.

    Parameters
    ----------
    partners : mapping
        Symbol -> the symbol it is compared with.
    series : mapping
        Symbol -> bars, of all series of the run.
    """
    bars = series[symbol]
    if not strategy.others:
        return {}, strategy.lacks(bars)
    role, partner = strategy.others[0], partners.get(symbol)
    reads = f"{strategy.name} reads a {role} beside {symbol}"
    if len(strategy.others) > 1:
        return {}, f"{strategy.name} reads {len(strategy.others)} other series; one can be named"
    if partner is None:
        return {}, f"{reads}, and none is named; name one under strategies.partners"
    if partner not in series:
        return {}, (
            f"{reads}, and {partner} is not among the series of this run; add it to data.symbols "
            "or name another under strategies.partners"
        )
    behind_ns = int(bars.close_ns[-1]) - int(series[partner].close_ns[-1])
    if behind_ns > MAY_END_NS:
        return {}, (
            f"{reads}, and the bars of {partner} end {behind_ns // DAY_NS} days earlier; give "
            "windows by date that both series fill"
        )
    return {role: partner}, strategy.lacks(bars, [series[partner]])
