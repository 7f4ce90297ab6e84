"""SQL databases to Polars DataFrames and back: one API, zero-copy, nothing silently lost.

>>> import industrydb as idb
>>> with idb.connect("sqlite://") as conn:
...     conn.execute("SELECT 6 * 7 AS answer").item()
42
"""

from industrydb._industrydb import (
    BatchReader,
    Connection,
    DatabaseConfig,
    Transaction,
    __version__,
    backends,
    connect,
)
from industrydb._load_config import load_config
from industrydb.exceptions import (
    CheckViolationError,
    ConfigurationError,
    ConnectionClosedError,
    ConstraintViolationError,
    DatabaseConnectionError,
    DataConversionError,
    ForeignKeyViolationError,
    IndustryDbError,
    NotNullViolationError,
    QueryCancelledError,
    QueryExecutionError,
    QueryTimeoutError,
    UniqueViolationError,
)

__all__ = [
    "BatchReader",
    "CheckViolationError",
    "ConfigurationError",
    "Connection",
    "ConnectionClosedError",
    "ConstraintViolationError",
    "DataConversionError",
    "DatabaseConfig",
    "DatabaseConnectionError",
    "ForeignKeyViolationError",
    "IndustryDbError",
    "NotNullViolationError",
    "QueryCancelledError",
    "QueryExecutionError",
    "QueryTimeoutError",
    "Transaction",
    "UniqueViolationError",
    "__version__",
    "backends",
    "connect",
    "load_config",
]
