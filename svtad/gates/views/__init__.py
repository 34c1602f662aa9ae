"""Pages of judgements: the checklist of a phase, what counts, evidence, certificates and plans."""
