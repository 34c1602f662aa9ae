"""Testing Issues, severity determinations, disputes, exclusions and counting decisions."""
