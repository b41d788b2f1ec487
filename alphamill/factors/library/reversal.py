"""How unusual the last days' move is; positive after a rise, so bundles take it as negative."""

from alphamill.factors.library.factor import Factor


def _move(k: int) -> str:
    return f"(close / delay(close, {k}) - 1)"


REVERSAL = tuple(
    Factor(
        name=f"reversal_{k}d",
        family="reversal",
        meaning=f"return of {k} session{'s' if k > 1 else ''} in deviations from its mean, both of "
        "the 60 sessions before this one; positive after a rise",
        formula=f"({_move(k)} - delay(ts_mean({_move(k)}, 60), 1)) "
        f"/ delay(ts_std({_move(k)}, 60), 1)",
        source="specs/factors 2.2",
    )
    for k in (1, 2, 3)
)
