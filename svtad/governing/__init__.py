"""Governing documents, their versions and their parameters."""
