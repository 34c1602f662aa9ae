"""The import engine: preview, row errors, all or nothing."""
