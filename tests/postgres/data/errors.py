"""Statements that break a rule, and what the server says about it."""

from __future__ import annotations

import industrydb as idb
from tests.conformance.backends.base import Violation

VIOLATIONS = (
    Violation(
        "unique",
        ("CREATE TABLE v (id BIGINT, mail TEXT UNIQUE)", "INSERT INTO v VALUES (1, 'a')"),
        "INSERT INTO v VALUES (2, 'a')",
        idb.UniqueViolationError,
        {
            "code": "23505",
            "schema_name": "public",
            "table_name": "v",
            "constraint_name": "v_mail_key",
            "detail": "Key (mail)=(a) already exists.",
        },
    ),
    Violation(
        "primary-key",
        ("CREATE TABLE v (id BIGINT PRIMARY KEY)", "INSERT INTO v VALUES (1)"),
        "INSERT INTO v VALUES (1)",
        idb.UniqueViolationError,
        {"code": "23505", "table_name": "v", "constraint_name": "v_pkey"},
    ),
    Violation(
        "foreign-key",
        ("CREATE TABLE p (id BIGINT PRIMARY KEY)", "CREATE TABLE v (p BIGINT REFERENCES p (id))"),
        "INSERT INTO v VALUES (1)",
        idb.ForeignKeyViolationError,
        {"code": "23503", "schema_name": "public", "table_name": "v", "constraint_name": "v_p_fkey"},
    ),
    Violation(
        "foreign-key-restrict",  # 23001 since version 18, 23503 before
        (
            "CREATE TABLE p (id BIGINT PRIMARY KEY)",
            "CREATE TABLE v (p BIGINT REFERENCES p (id) ON DELETE RESTRICT)",
            "INSERT INTO p VALUES (1)",
            "INSERT INTO v VALUES (1)",
        ),
        "DELETE FROM p",
        idb.ForeignKeyViolationError,
        {"constraint_name": "v_p_fkey"},
    ),
    Violation(
        "not-null",
        ("CREATE TABLE v (id BIGINT NOT NULL)",),
        "INSERT INTO v VALUES (NULL)",
        idb.NotNullViolationError,
        {"code": "23502", "schema_name": "public", "table_name": "v", "column_name": "id"},
    ),
    Violation(
        "check",
        ("CREATE TABLE v (age BIGINT CONSTRAINT adult CHECK (age >= 18))",),
        "INSERT INTO v VALUES (17)",
        idb.CheckViolationError,
        {"code": "23514", "table_name": "v", "constraint_name": "adult"},
    ),
    Violation(
        "domain-check",
        ("CREATE DOMAIN grown AS BIGINT CONSTRAINT adult CHECK (VALUE >= 18)", "CREATE TABLE v (age grown)"),
        "INSERT INTO v VALUES (17)",
        idb.CheckViolationError,
        {"code": "23514", "constraint_name": "adult"},
    ),
    Violation(
        "exclusion",
        ("CREATE TABLE v (r int4range, EXCLUDE USING gist (r WITH &&))", "INSERT INTO v VALUES ('[1,5]')"),
        "INSERT INTO v VALUES ('[5,6]')",
        idb.ConstraintViolationError,
        {"code": "23P01", "table_name": "v", "constraint_name": "v_r_excl"},
    ),
)
