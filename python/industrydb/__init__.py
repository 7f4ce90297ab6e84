"""SQL databases to Polars DataFrames and back: one API, zero-copy, nothing silently lost.

>>> import industrydb as idb
>>> with idb.connect("sqlite://") as conn:
...     conn.execute("SELECT 6 * 7 AS answer").item()
42
"""

from industrydb._connect_async import AsyncConnecting, connect_async
from industrydb._industrydb import (
    AsyncBatchReader,
    AsyncConnection,
    AsyncTransaction,
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
    "AsyncBatchReader",
    "AsyncConnecting",
    "AsyncConnection",
    "AsyncTransaction",
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
    "connect_async",
    "load_config",
]
