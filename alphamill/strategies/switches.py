"""Parameters that a switch turns off: sets that differ only in them are one."""

from collections.abc import Mapping, Sequence

from alphamill.core.params import Params, Space, Value


def without_unread(
    params: Params, space: Space, switches: Mapping[str, Sequence[str]]
) -> dict[str, Value]:
    """Return ``params`` with the defaults of ``space`` in what their own switch leaves unread.

    Examples
    --------
    >>> from alphamill.core.params import Bool, Int
    >>> space = {"filtered": Bool(True), "span": Int(200, 1, 500)}
    >>> without_unread({"filtered": False, "span": 100}, space, {"filtered": ["span"]})
    {'filtered': False, 'span': 200}
    """
    unread = {name for switch, names in switches.items() if not params[switch] for name in names}
    return {name: space[name].default if name in unread else params[name] for name in space}
