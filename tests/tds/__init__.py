"""A TDS 7.4 test server: T-SQL on SQLite. It is a test server, not a SQL Server."""
