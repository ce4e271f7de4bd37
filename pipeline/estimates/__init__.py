"""Percentages with their intervals, differences and response; pure functions, table in, table out."""
