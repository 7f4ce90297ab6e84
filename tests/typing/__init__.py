"""Code that type checkers have to accept, and code that they have to refuse; nothing here runs."""
