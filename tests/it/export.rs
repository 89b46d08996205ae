//! The export: complete, and safe to open in a spreadsheet.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn it_holds_every_user_and_no_formula() {
    let app = TestApp::start().await;
    let admin = app.set_up().await;
    admin.post("/v1/apps", json!({ "slug": "wiki", "name": "Wiki" })).await.assert_status(201);
    let names = ["=cmd|' /C calc'!A0", "+49 30", "-1+1", "@SUM(A1)", "Quote \" and, comma", "'Tis", "王 小明"];
    for (n, name) in names.iter().enumerate() {
        let body = json!({
            "email": format!("user{n}@example.com"), "name": name, "delivery": "link", "app_roles": { "wiki": "basic" }
        });
        admin.post("/v1/invites", body).await.assert_status(201);
    }
    let odd = json!({ "email": "=1+1@example.com", "delivery": "link" });
    admin.post("/v1/invites", odd).await.assert_status(201);

    let export = admin.get("/v1/users/export").await.assert_status(200);

    assert!(export.header("content-disposition").unwrap().starts_with("attachment"));
    assert_eq!(export.header("x-next-cursor"), None);
    let mut table = csv::Reader::from_reader(&export.bytes[..]);
    let columns = ["id", "email", "name", "status", "role", "app_roles", "created_at", "last_sign_in_at"];
    assert_eq!(table.headers().unwrap(), &columns[..]);
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2 + names.len());
    for row in &rows {
        for cell in row {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
    }
    let told: Vec<&str> = rows.iter().map(|row| row[2].trim_start_matches('\'')).collect();
    for name in names {
        assert!(told.contains(&name.trim_start_matches('\'')), "{name} in {told:?}");
    }
    let chinese = rows.iter().find(|row| &row[2] == "王 小明").unwrap();
    assert_eq!((&chinese[3], &chinese[4], &chinese[5]), ("invited", "member", "wiki=basic"));
    admin.get("/v1/users/export?cursor=nonsense").await.assert_refuses(&["/cursor"]);
    admin.get("/v1/users/export?limit=5").await.assert_refuses(&["/limit"]);
}
