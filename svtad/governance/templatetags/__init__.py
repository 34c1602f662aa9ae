"""Tags by which pages of other apps show notices."""
