"""Which parameter sets of a grid are worth running."""

from collections.abc import Callable, Mapping

from alphamill.core.params import Params, Value


def ordered(lower: str, upper: str) -> Callable[[Params], Mapping[str, Value] | None]:
    """Return a ``canonical`` that drops the sets in which ``lower`` is not below ``upper``.

    Examples
    --------
    >>> ordered("fast", "slow")({"fast": 50, "slow": 20}) is None
    True
    """

    def canonical(params: Params) -> Mapping[str, Value] | None:
        return params if float(params[lower]) < float(params[upper]) else None

    return canonical


def unread_without(
    switch: str, name: str, usual: Value
) -> Callable[[Params], Mapping[str, Value] | None]:
    """Return a ``canonical`` that sets ``name`` to ``usual`` where ``switch`` is off.

    Examples
    --------
    >>> unread_without("filter", "span", 200)({"filter": False, "span": 100})
    {'filter': False, 'span': 200}
    """

    def canonical(params: Params) -> Mapping[str, Value]:
        return params if params[switch] else {**params, name: usual}

    return canonical
