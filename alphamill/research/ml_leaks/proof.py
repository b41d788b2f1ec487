"""Proof that the audit of models works: all planted leaks are caught, no twin is accused."""

from alphamill.research import ml_leaks


def planted_ml_leaks() -> tuple[int, int, int]:
    """Audit the planted mistakes around models and their honest twins (experiment K12).

    Returns
    -------
    tuple of int
        Leaks caught, leaks planted, twins accused.
    """
    pairs = ml_leaks.PLANTED_ML
    caught = sum(bool(pair.ask(pair.leaking).findings) for pair in pairs)
    accused = sum(bool(pair.ask(pair.clean).findings) for pair in pairs)
    return caught, len(pairs), accused
