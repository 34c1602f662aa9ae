"""Pages of Testing Issues: the log, one issue, and what is done to it."""
