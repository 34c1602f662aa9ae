"""Organisations, people, their roles, and who may see and do what."""
