"""Measured rows to the fitted values in ``profiles/``: the offline side of ``validation``."""
