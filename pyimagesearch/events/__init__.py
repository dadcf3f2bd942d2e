"""The list of events in SQLite: one writer, any number of readers."""
