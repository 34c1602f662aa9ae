"""Device Models and Device Model Combinations."""
