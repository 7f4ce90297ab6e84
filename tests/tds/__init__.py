# ruff: noqa: E501 - messages and rows of data stand in one piece
"""A TDS 7.4 test server: T-SQL over TCP, on SQLite. It is a test server, not a SQL Server.

    with Server() as server: ...                       # in this process, on a free port of the loopback interface
    with running("login", certificate) as address: ... # in a process of its own, for clients that hold the GIL
    python -m tests.tds --port 1433 --password secret  # by hand

What it does
    TDS 7.3 and 7.4, and TDS 8.0 ("strict", TLS first); TLS for the login or for everything; SQL batches, RPCs
    (`sp_executesql`, `sp_prepare`, `sp_execute`, `sp_prepexec`, `sp_unprepare`, the user's own procedures with output
    parameters), requests to the transaction manager, INSERT BULK, attention, RESETCONNECTION; several result sets;
    errors with the numbers, levels and states of SQL Server; all types but CLR ones with methods; the catalog views that
    clients ask for; `sp_describe_first_result_set` and `sp_describe_undeclared_parameters`, which run nothing.

What makes it true
    FreeTDS (pymssql and `tsql`), Microsoft's ODBC driver (mssql-python) and python-tds log in, run the statements of
    `test_statements.py` and read the values of `test_types.py`. The same tests run on a real server if
    `INDUSTRYDB_TEST_MSSQL` names one, so they are T-SQL and nothing else.

What it refuses (error 50000, "The TDS test server refuses: …"), instead of guessing
    MERGE, APPLY, PIVOT, triggers, user functions, cursors, FOR XML and JSON, full text, TOP ... PERCENT and WITH TIES,
    GROUPING SETS, other collations than those of `pages.py`, filtered indexes, changes through views, global temporary
    tables, table-valued parameters, Windows logins, MARS, column encryption, the best fit of most characters in code
    pages that lack them, dates as text in other forms than that of ISO 8601, catalog views that clients do not ask for.

Where it differs, and says so here
    - One session writes at a time: a second one waits, as if the first had locked the whole database. Readers see what
      is committed, as with READ_COMMITTED_SNAPSHOT; READ UNCOMMITTED sees no more than that.
    - Texts are equal as SQL_Latin1_General_CP1_CI_AS has it (no case, no spaces at the end), in all collations but
      Latin1_General_BIN2; their order among punctuation and accents is that of code points.
    - Rows may be longer than 8,060 bytes where columns without a fixed length make them so (511).
    - SET ROWCOUNT holds for SELECT and INSERT only, not for bulk loads.
    - Names that it makes up for constraints have the shape of SQL Server's, not their hash.
    - A deadlock happens only where a test asks for one (`Faults.deadlocks`).

`faults.py` lists what a test can make go wrong; `replay.py` serves benchmarks.
"""
