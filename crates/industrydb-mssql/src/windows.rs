//! The last step of a login with a Windows account, which only builds for Windows can take.
//!
//! The client library speaks NTLM there (its feature `winauth`): with Windows' own help for the user of the process, by
//! itself for an account with a name and a password. On other systems its NTLM (the feature `sspi-rs`) needs versions of
//! packages beside which the other backends' client does not build, and its Kerberos a library of the system's, which an
//! installation can't count on.

use std::io;

use industrydb_core::error::Result;
use tiberius::AuthMethod;

use crate::authentication::Account;

/// What helps where Windows itself refuses.
pub const NO_NTLM: &str = "Windows gave no credentials for this login: a policy may forbid NTLM (\"Network security: \
     Restrict NTLM\"); a SQL Server login or an access_token does without";

/// `SEC_E_NO_CREDENTIALS` (winerror.h), one of the codes in which Windows' security package (SSPI) tells its errors.
const NO_CREDENTIALS: i32 = -2_146_893_042;

/// Whether an error of this kind may be the security package's: none of its codes has a kind of its own, and nearly all
/// of a socket's have.
pub fn is_of_sspi(kind: io::ErrorKind) -> bool {
    kind == io::Error::from_raw_os_error(NO_CREDENTIALS).kind()
}

/// What the client library is told.
#[cfg(windows)]
pub fn method(account: Account<'_>) -> Result<AuthMethod> {
    Ok(match account {
        Account::OfTheProcess => AuthMethod::Integrated,
        Account::Named { username, password } => AuthMethod::windows(username, password),
    })
}

/// That there is no such login here.
#[cfg(not(windows))]
pub fn method(account: Account<'_>) -> Result<AuthMethod> {
    let (option, asked) = match account {
        Account::OfTheProcess => ("trusted_connection", "true asks"),
        Account::Named { .. } => ("username", "DOMAIN\\name and authentication=windows ask"),
    };
    Err(crate::error::of_option(
        option,
        &format!(
            "{asked} for a Windows login, which industrydb has on Windows alone: log in with username and password of a \
             SQL Server login, or with an access_token"
        ),
    ))
}
