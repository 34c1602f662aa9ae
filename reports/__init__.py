"""Judgement on paper: contents from stored assessments, rendering, the stored file."""
