"""Tiny helpers with no domain in them: time, ids, errors, append-only tables."""
