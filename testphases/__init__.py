"""Programmes, Capability Releases, test scopes, planned tests and their runs."""
