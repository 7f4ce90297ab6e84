# ruff: noqa: E501 - messages and rows of data stand in one piece
"""T-SQL on SQLite: a parser, a binder that knows SQL Server's types, an interpreter of statements.

The binder turns a query into SQLite's SQL and says which T-SQL type each expression has, by the rules of the Transact-SQL
reference; what SQLite would compute otherwise (decimals, dates, comparisons of text, errors) is done by functions that
the engine registers. What it cannot do as SQL Server does is refused.
"""
