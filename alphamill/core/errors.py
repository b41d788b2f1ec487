"""Errors are named by who must act; the command line turns the class into an exit code."""


class MillError(Exception):
    """Base of everything raised on purpose."""

    exit_code = 1


class SettingsError(MillError):
    """The operator must fix a setting, a flag or an argument."""

    exit_code = 2


class DataError(MillError):
    """The data owner must re-fetch or repair; nothing downstream may run."""

    exit_code = 3


class GateError(MillError):
    """The researcher must change the strategy; it may not be promoted."""

    exit_code = 4


class BrokerError(MillError):
    """The venue refused or is away: retry, then halt."""

    exit_code = 5
