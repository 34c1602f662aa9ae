"""The synthetic demonstration: made once, by the same actions that people and tools call."""
