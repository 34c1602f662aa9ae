"""Pages of reports, packs and papers, and of the copies for the Parties."""
