"""Pages of Test Phases, what is planned in them, and what ran."""
