//! Encoded parameters on their way into the driver.

use std::ops::Range;

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo};
use sqlx::{Arguments as _, Encode, Postgres, Type};

/// The type that leaves the choice to the server.
const UNSPECIFIED: Oid = Oid(0);

/// Parameters in the server's order, each in its binary form or NULL.
#[derive(Debug, Default)]
pub struct Bindings {
    /// The bytes of all values, one behind the other.
    pub bytes: Vec<u8>,
    /// Where in them each value stands; `None` for NULL.
    pub values: Vec<Option<Range<usize>>>,
}

impl Bindings {
    /// The same for the driver.
    pub fn arguments(&self) -> sqlx::Result<PgArguments> {
        let mut arguments = PgArguments::default();
        arguments.reserve(self.values.len(), self.bytes.len());
        for range in &self.values {
            let value = range.as_ref().and_then(|range| self.bytes.get(range.clone()));
            arguments.add(Encoded(value)).map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }
}

/// A value in its binary form.
struct Encoded<'b>(Option<&'b [u8]>);

impl Type<Postgres> for Encoded<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(UNSPECIFIED)
    }
}

impl Encode<'_, Postgres> for Encoded<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(match self.0 {
            None => IsNull::Yes,
            Some(bytes) => {
                buffer.extend_from_slice(bytes);
                IsNull::No
            }
        })
    }
}
