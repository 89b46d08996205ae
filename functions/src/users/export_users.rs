//! All users as a CSV file, in pages where one answer would be too large.
//!
//! A cell that a spreadsheet would take for a formula is made text by a leading apostrophe (OWASP, CSV Injection).

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use roster_domain::{Error, User};
use roster_store::{PageRequest, UserFilter};
use roster_web::{Admin, App, ProblemBody, Query, Result, fields};
use utoipa::IntoParams;

fields! {
    /// Which part of the export.
    #[derive(IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct ExportUsers {
        /// `X-Next-Cursor` of the part before.
        cursor: Option<String>,
    }
}

/// What one answer holds at most: a function answers 6 MB, and a row of text can double when it is escaped.
const MAX_BYTES: usize = 2_500_000;
/// How many users are read at once.
const CHUNK: usize = 500;
const COLUMNS: [&str; 8] = ["id", "email", "name", "status", "role", "app_roles", "created_at", "last_sign_in_at"];

/// Export users
///
/// By e-mail address, the first line of the first part naming the columns. Where there is more, `X-Next-Cursor` holds
/// the `cursor` of the next part and `Link` its address.
#[utoipa::path(
    get,
    path = "/v1/users/export",
    tag = "Users",
    params(ExportUsers),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (
            status = 200,
            description = "The users.",
            body = String,
            content_type = "text/csv",
            headers(("X-Next-Cursor" = String, description = "The `cursor` of the next part, where there is one."))
        ),
        (status = 400, description = "`invalid-fields`", body = ProblemBody),
        (status = 401, description = "`unauthenticated`", body = ProblemBody),
        (status = 403, description = "`forbidden`", body = ProblemBody)
    )
)]
pub async fn export_users(_: Admin, State(app): State<App>, Query(query): Query<ExportUsers>) -> Result<Response> {
    let now = app.now();
    let mut page = PageRequest { limit: CHUNK, cursor: query.cursor };
    let mut table = csv::Writer::from_writer(Vec::new());
    if page.cursor.is_none() {
        table.write_record(COLUMNS).map_err(Error::unexpected)?;
    }
    loop {
        let part = app.store.users(&UserFilter::default(), &page, now).await?;
        for user in &part.items {
            table.write_record(row(user, user.status(now).as_str())).map_err(Error::unexpected)?;
        }
        page.cursor = part.next_cursor;
        table.flush().map_err(Error::unexpected)?;
        if page.cursor.is_none() || table.get_ref().len() >= MAX_BYTES {
            break;
        }
    }
    let bytes = table.into_inner().map_err(|error| Error::unexpected(error.to_string()))?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"users.csv\""));
    if let Some(cursor) = page.cursor {
        let link = format!("</v1/users/export?cursor={cursor}>; rel=\"next\"");
        headers.extend(HeaderValue::from_str(&link).map(|link| (header::LINK, link)));
        headers.extend(HeaderValue::from_str(&cursor).map(|cursor| (HeaderName::from_static("x-next-cursor"), cursor)));
    }
    Ok(response)
}

fn row(user: &User, status: &str) -> [String; 8] {
    let app_roles = user.app_roles.iter().map(|(app, role)| format!("{app}={role}")).collect::<Vec<_>>().join(" ");
    [
        user.id.to_string(),
        cell(user.email.as_str()),
        cell(user.name.as_ref().map(roster_domain::PersonName::as_str).unwrap_or_default()),
        status.to_owned(),
        user.role.to_string(),
        app_roles,
        user.created_at.to_string(),
        user.last_sign_in_at.map(|at| at.to_string()).unwrap_or_default(),
    ]
}

/// Text that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula() {
        for text in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "＝1"] {
            assert!(cell(text).starts_with('\''), "{text}");
        }
        assert_eq!(cell("Ada = Lovelace"), "Ada = Lovelace");
    }
}
