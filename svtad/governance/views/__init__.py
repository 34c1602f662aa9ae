"""Pages of matters and decisions, jobs, stored files and the calendar."""
