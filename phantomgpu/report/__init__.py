"""Comparison to JSON, tables, charts and share links."""
