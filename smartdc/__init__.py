"""Triton DataCenter (SmartDataCenter) from Python."""

__version__ = '1.0.0.dev0'
