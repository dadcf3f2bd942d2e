"""Pages, JSON API and files of recorded events."""
