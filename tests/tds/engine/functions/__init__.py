"""Built-in functions: what each becomes in SQLite's SQL, and its type; `table` has them by name."""
