"""Bars from bars: coarser, adjusted, continuous."""
