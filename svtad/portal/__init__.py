"""Pages that read across all apps: home, where do we stand."""
