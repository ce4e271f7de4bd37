"""Answers in: every row kept, cleaned, nothing personal left."""
