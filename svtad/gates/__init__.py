"""Facts gathered, the rulebook asked, the verdict stored; certificates, Work Off Plans, evidence, reports filed."""
