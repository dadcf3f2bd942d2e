"""Pages, API and files of the recorded events."""
