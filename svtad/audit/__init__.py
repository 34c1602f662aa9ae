"""Who did what, when: append-only events, and the seals that chain them. No foreign keys."""
