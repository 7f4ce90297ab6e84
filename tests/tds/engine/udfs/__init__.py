"""The functions that the engine adds to SQLite; `table` has them by name."""
