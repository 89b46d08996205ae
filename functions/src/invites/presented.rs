//! An invite that somebody opens with its link.

use roster_domain::{Error, Result, tokens::InviteToken};
use roster_store::InviteReading;
use roster_web::App;

/// Finds the invite of a link, and tells whether the link opens it now. The clock decides, not the state of a sweeper.
pub(crate) async fn open(app: &App, token: &str) -> Result<(InviteReading, Result<()>)> {
    let token: InviteToken = token.parse().map_err(|_| Error::InviteUnknown)?;
    let reading = app.store.invite(token.user).await?.ok_or(Error::InviteUnknown)?;
    let opens = reading.invite.check(&token.secret.hash(), app.now());
    match opens {
        Err(Error::InviteUnknown) => Err(Error::InviteUnknown),
        opens => Ok((reading, opens)),
    }
}
