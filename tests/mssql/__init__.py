"""What is SQL Server's alone."""
