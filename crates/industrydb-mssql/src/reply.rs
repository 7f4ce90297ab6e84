//! What the server answers, item by item, whichever way the statement went.

use std::pin::Pin;

use futures_core::Stream as _;
use tiberius::{CommandItem, CommandStream, QueryItem, QueryStream, ResultMetadata, Row};

/// One thing in an answer.
pub enum Item {
    /// A result set begins.
    Columns(ResultMetadata),
    /// A row of it.
    Row(Row),
    /// A statement ended that gave or changed so many rows. Only calls say it.
    Count(u64),
}

/// An answer that is being read.
pub enum Reply<'c> {
    /// To a batch.
    Batch(QueryStream<'c>),
    /// To a call of a procedure; whether its return status was the last item.
    Call(CommandStream<'c>, bool),
}

impl Reply<'_> {
    /// The next item; `None` at the end. Whoever stops waiting loses nothing: the next call goes on.
    pub async fn next(&mut self) -> Option<Result<Item, tiberius::error::Error>> {
        loop {
            let item = match self {
                Self::Batch(stream) => match std::future::poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await? {
                    Ok(QueryItem::Row(row)) => Ok(Item::Row(row)),
                    Ok(QueryItem::Metadata(columns)) => Ok(Item::Columns(columns)),
                    Err(cause) => Err(cause),
                },
                Self::Call(stream, returned) => {
                    let item = std::future::poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await?;
                    let was_returned = std::mem::take(returned);
                    match item {
                        Ok(CommandItem::Row(row)) => Ok(Item::Row(row)),
                        Ok(CommandItem::Metadata(columns)) => Ok(Item::Columns(columns)),
                        // The end of the procedure, which in a transaction looks like the count of a statement.
                        Ok(CommandItem::RowsAffected(_)) if was_returned => continue,
                        Ok(CommandItem::RowsAffected(rows)) => Ok(Item::Count(rows)),
                        Ok(CommandItem::ReturnStatus(_)) => {
                            *returned = true;
                            continue;
                        }
                        // A frame has no place for it; a script selects what it wants of it.
                        Ok(CommandItem::ReturnValue(_)) => continue,
                        Err(cause) => Err(cause),
                    }
                }
            };
            return Some(item);
        }
    }
}
