"""Wishes and accounts that hold something, to ask one question of."""

from typing import Any

from alphamill.portfolio.coordinator import Coordinator
from alphamill.portfolio.limits import Limits, Wish

MANY = Limits(9)


def wish(name: str, symbol: str = "", **given_: Any) -> Wish:
    row = {"strategy": name, "asset_class": "future", "cluster": "", "side": 1, "units": 1}
    row |= {"id": f"{name}@1", "stream": name, "symbol": symbol or name, "priority": 0.5}
    return Wish(**(row | given_))


def account(limits: Limits, *held: Wish, equity: float = 1000.0) -> Coordinator:
    """Return an account on its first day that holds what is given."""
    out = Coordinator(limits, equity)
    out.roll(20240102)
    for one in held:
        assert out.ask([one])[0].yes
        out.opened(one.id)
    return out


def reason(held: Coordinator, asked: Wish) -> str:
    return held.ask([asked])[0].reason
