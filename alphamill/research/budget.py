"""How the memory that a plan allows is shared out."""

from alphamill.core.errors import SettingsError
from alphamill.research.plan import Plan

# Bytes a bar: one stack's exit (bar, reason, price); signals and the loop's own columns; the bars.
TABLE_BYTES = 12
COLUMN_BYTES = 400
BAR_BYTES = 89
PROCESS_BYTES = 150_000_000  # an interpreter with what it imports
LEAST_MEMO_BYTES = 16_000_000
# Float columns. More make a sweep of the whole registry no faster, fewer than ten a quarter slower.
MOST_MEMO_COLUMNS = 40


def memo_bytes(plan: Plan, n_bars: int, n_workers: int) -> int:
    """Return what each worker may remember of indicators under the plan's memory cap.

    A worker holds one instrument's exit tables, its bars and signals, and the memo. The memo gives
    way to the interpreters, down to a useful least, and is never larger than is of use.

    Raises
    ------
    SettingsError
        When the cap does not hold the tables themselves.
    """
    n_sides = 2 if plan.sides == "both" else 1
    share = plan.max_memory_mb * 1_000_000 // n_workers
    fixed = n_bars * (n_sides * len(plan.exits) * TABLE_BYTES + COLUMN_BYTES)
    if fixed + LEAST_MEMO_BYTES > share:
        needed = -(-(fixed + LEAST_MEMO_BYTES) * n_workers // 1_000_000)
        raise SettingsError(
            f"sweep.max_memory_mb is {plan.max_memory_mb}, and {n_workers} workers with "
            f"{len(plan.exits)} exit stacks on {n_bars:,} bars need {needed:,}. Raise it, or use "
            "fewer workers or exits."
        )
    beside = n_bars * BAR_BYTES + (n_workers + 1) * PROCESS_BYTES // n_workers
    left = min(share - fixed - beside, MOST_MEMO_COLUMNS * 8 * n_bars)
    return max(LEAST_MEMO_BYTES, left)
