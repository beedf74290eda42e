"""Measured rows to error figures and calibrations."""
