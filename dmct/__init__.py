"""The DMCT Process (clause 20): its rung on the ladder is kept here; it has no models yet."""
