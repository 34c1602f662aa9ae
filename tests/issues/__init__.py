"""Tests of Testing Issues and what is decided about them."""
