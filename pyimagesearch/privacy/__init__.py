"""Privacy: regions that are blackened, and cameras that are switched off."""
