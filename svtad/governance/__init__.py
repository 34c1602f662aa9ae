"""Matters and their decisions, jobs, stored files, the calendar's overrides: one engine for every board."""
