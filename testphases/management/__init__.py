"""Commands of the testphases app."""
