//! Invites: from the admin's wish to the invitee's first sign-in.

pub mod accept_invite;
pub mod inspect_invite;
pub mod invite_user;
pub mod invite_users;
pub mod issued;
pub mod list_invites;
pub(crate) mod presented;
pub mod renew_invite;
pub mod request_renewal;
pub mod revoke_invite;
