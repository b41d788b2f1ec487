"""72 KalmanSpread: a hedge ratio that follows the market says what surprises it."""

from alphamill.core.market import Bars, Floats
from alphamill.core.params import Float
from alphamill.core.strategy import WHOLE_HISTORY, Strategy
from alphamill.strategies.spreads import kalman_spread, log_paths, targets


def rule(bars: Bars, partner: Bars, kf_delta: float, kf_noise: float, kf_entry: float) -> Floats:
    spread = kalman_spread(*log_paths(bars, partner), kf_delta, kf_noise)
    return targets(spread, kf_entry, leave=0.0)


KALMAN_SPREAD = Strategy(
    number=72,
    name="KalmanSpread",
    archetype="cross-asset",
    idea="A move that the partner's move does not explain is taken back.",
    rule=rule,
    space={
        # The catalogue's 1e-4 is for daily prices; the spread of 15 minutes moves far less.
        "kf_delta": Float(1e-4, 1e-12, 0.1, (1e-7, 1e-6, 1e-5, 1e-4), "how much the hedge wanders"),
        "kf_noise": Float(1e-3, 1e-12, 1e3, (), "observation variance, prices starting at 100"),
        "kf_entry": Float(1.0, 0.1, 10.0, (1.0, 1.5, 2.0), "deviations of the forecast error"),
    },
    warmup=lambda p: WHOLE_HISTORY,
    sides="both",
    others=("partner",),
)
