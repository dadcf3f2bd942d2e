"""Recording: pre-roll, clips, stills."""
