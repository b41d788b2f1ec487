"""Alphamill: from raw market bars to a live, ML-filtered portfolio, without fooling its user."""

__version__ = "0.1.0"
