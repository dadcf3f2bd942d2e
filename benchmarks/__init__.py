"""Programs that measure, each with a ratio to something else in the same run."""
