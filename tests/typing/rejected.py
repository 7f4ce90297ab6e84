"""Mistakes that a type checker has to find: an ignored line that is no error is an error itself."""

import industrydb as idb


def mistakes(conn: idb.Connection, config: idb.DatabaseConfig) -> None:
    conn.execute("SELECT 1", 1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    conn.execute("SELECT ?", [object()])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    conn.execute("SELECT 1", None, {})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    conn.insert("t", [], mode="upsert")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    conn.insert("t", 1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    conn.update("t", {"a": 1}, None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    conn.delete("t")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    conn.delete("t", False)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    conn.begin(isolation="none")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    conn.backend = "x"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    config.password = "x"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    idb.DatabaseConfig("sqlite", "x.db")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
