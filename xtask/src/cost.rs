//! What an installation costs in AWS: written to `docs/cost.md` from what the tests count, what is measured here, and
//! list prices.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use crate::{Result, weight};

/// List prices in US dollars, in us-east-1, without free tiers, as of November 2026.
const PER_REQUEST_OF_API: f64 = 1.0 / 1e6;
const PER_INVOCATION: f64 = 0.2 / 1e6;
const PER_GB_SECOND: f64 = 0.000_013_333_4;
const PER_READ_UNIT: f64 = 0.125 / 1e6;
const PER_WRITE_UNIT: f64 = 0.625 / 1e6;
const PER_MAIL: f64 = 0.1 / 1e3;
const PER_EVENT: f64 = 1.0 / 1e6;
const PER_GB_OF_LOGS: f64 = 0.5;
/// Storage, and continuous backups of it.
const PER_GB_STORED: f64 = 0.25 + 0.2;
/// The setup secret, 18 metrics with alarms, and two of our own.
const BY_THE_MONTH: f64 = 0.4 + 1.8 + 0.6;

/// What cannot be measured without AWS: how long a request to it takes, and how much is logged for an invocation.
const ROUND_TRIP_MS: f64 = 5.0;
const LOGGED_BYTES: f64 = 1000.0;
/// The memory with which a function has a whole processor.
const MB_OF_A_PROCESSOR: f64 = 1769.0;

const SIZES: [f64; 3] = [1e3, 1e5, 1e6];
/// Of a hundred users, how many sign in in a month.
const ACTIVE: f64 = 0.6;
/// What an active user does in a month, how often; and what happens for every user there is.
const BY_ACTIVE: [(&str, f64); 7] = [
    ("sign_in", 12.0),
    ("sign_out", 4.0),
    ("check_access", 240.0),
    ("get_session", 24.0),
    ("list_my_apps", 12.0),
    ("follow_changes", 16.0),
    ("deliver_webhook", 16.0),
];
const BY_USER: [(&str, f64); 14] = [
    ("invite_user", 0.02),
    ("inspect_invite", 0.02),
    ("accept_invite", 0.02),
    ("request_password_reset", 0.02),
    ("complete_password_reset", 0.02),
    ("set_app_role", 0.03),
    ("delete_user", 0.01),
    ("deliver_mail", 0.08),
    ("record_mail_event", 0.08),
    ("list_users", 0.5),
    ("get_user", 0.2),
    ("list_activity", 0.05),
    ("follow_changes", 0.2),
    ("deliver_webhook", 0.2),
];
/// What happens in a month in which nobody does anything.
const BY_MONTH: [(&str, f64); 3] =
    [("retry_mail", 43_800.0), ("retry_webhooks", 43_800.0), ("expire_invites", 8_760.0)];
/// Of these, the ones with a session, which note that it is in use.
const WITH_A_SESSION: [&str; 3] = ["check_access", "get_session", "list_my_apps"];
/// What a user takes in the table, indexes included, and what an entry of the activity does.
const BYTES_OF_USER: f64 = 6e3;
const BYTES_OF_ENTRY: f64 = 1.3e3;
/// The operations that hash a password.
const HASHING: [&str; 8] = [
    "set_up",
    "sign_in",
    "complete_password_reset",
    "change_password",
    "accept_invite",
    "create_user",
    "create_users",
    "reset_password",
];
/// For how many months entries are kept.
const MONTHS_KEPT: f64 = 13.0;

/// What one call of an operation takes.
struct Operation {
    name: String,
    is_request: bool,
    read_units: f64,
    write_units: f64,
    mails: f64,
    events: f64,
    memory: f64,
    milliseconds: f64,
}

impl Operation {
    fn dollars(&self) -> f64 {
        let api = if self.is_request { PER_REQUEST_OF_API } else { 0.0 };
        let lambda = PER_INVOCATION + self.milliseconds / 1e3 * self.memory / 1024.0 * PER_GB_SECOND;
        let table = self.read_units * PER_READ_UNIT + self.write_units * PER_WRITE_UNIT;
        let rest = self.mails * PER_MAIL + self.events * PER_EVENT + LOGGED_BYTES / 1e9 * PER_GB_OF_LOGS;
        api + lambda + table + rest
    }
}

/// Writes `docs/cost.md`, with times that are measured with `binary`, or those that the page has.
pub(crate) fn write(binary: Option<PathBuf>) -> Result<()> {
    let weight::Work { request, hash } = binary.map_or_else(work_on_the_page, |binary| weight::work(&binary))?;
    // As the page tells them.
    let (request, hash) = ((request * 100.0).round() / 100.0, (hash * 10.0).round() / 10.0);
    let operations = operations(request, hash)?;
    let mut text = String::from(HEAD);
    writeln!(text, "| operation | RRU | WRU | mails | events | MB | ms | ms·MB | $ for a million |")?;
    writeln!(text, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")?;
    for operation in operations.values() {
        let Operation { name, read_units, write_units, mails, events, memory, milliseconds, .. } = operation;
        let product = milliseconds * memory;
        let dollars = operation.dollars() * 1e6;
        writeln!(
            text,
            "| `{name}` | {read_units} | {write_units} | {mails} | {events} | {memory} | {milliseconds:.0} | \
             {product:.0} | {dollars:.2} |"
        )?;
    }
    writeln!(
        text,
        "\nms: {request:.2} ms of a processor for a request and {hash:.1} ms for a password, as measured with the shipped \
         binary on the\nmachine that wrote this page, where `get_me` stands for all requests, stretched to the share of a \
         processor that the memory\nbrings, and {ROUND_TRIP_MS} ms for each request to DynamoDB, which is an assumption.\n\n\
         Lists and batches are as the tests made them, of a few rows: a page of 50 users takes up to 30 RRU, a row more of \
         a batch\nabout what its operation for one takes (docs/architecture.md).\n"
    )?;
    bills(&mut text, &operations)?;
    Ok(fs::write(root().join("docs/cost.md"), text)?)
}

fn work_on_the_page() -> Result<weight::Work> {
    let page = fs::read_to_string(root().join("docs/cost.md"))?;
    let line =
        page.lines().find_map(|line| line.strip_prefix("ms: ")).ok_or("the page has no times: give a --binary")?;
    let mut times = line.split(" ms").filter_map(|part| part.rsplit(' ').next()?.parse().ok());
    let (request, hash) = times.next().zip(times.next()).ok_or("the page has no times: give a --binary")?;
    Ok(weight::Work { request, hash })
}

fn bills(text: &mut String, operations: &BTreeMap<String, Operation>) -> Result<()> {
    let sum = |each: &[(&str, f64)]| -> Result<f64> {
        let dollars = each.iter().map(|(name, times)| {
            let operation = operations.get(*name).ok_or_else(|| format!("{name} is no operation"))?;
            Ok(operation.dollars() * times)
        });
        dollars.sum()
    };
    let (by_active, by_user, by_month) = (sum(&BY_ACTIVE)?, sum(&BY_USER)?, sum(&BY_MONTH)?);
    let uses: f64 = BY_ACTIVE.iter().filter(|(name, _)| WITH_A_SESSION.contains(name)).map(|(_, times)| times).sum();
    let by_active = by_active + uses * PER_WRITE_UNIT;
    writeln!(text, "## A month\n\n{ACTIVITY}")?;
    writeln!(text, "| | by active user | by user | in any month |\n| --- | --- | --- | --- |")?;
    let names = BY_ACTIVE.iter().chain(&BY_USER).chain(&BY_MONTH).map(|(name, _)| *name);
    for name in names.collect::<std::collections::BTreeSet<_>>() {
        let times = |list: &[(&str, f64)]| {
            list.iter().find(|(known, _)| *known == name).map(|(_, times)| times.to_string()).unwrap_or_default()
        };
        writeln!(text, "| `{name}` | {} | {} | {} |", times(&BY_ACTIVE), times(&BY_USER), times(&BY_MONTH))?;
    }
    writeln!(
        text,
        "\nEach request with a session writes that it is in use, unless another one did within a minute: none did here. A \
         user takes\n{:.0} KB in the table and an entry of the activity {:.1} KB, indexes included; entries are kept for \
         {MONTHS_KEPT} months.\n\n{COGNITO}",
        BYTES_OF_USER / 1e3,
        BYTES_OF_ENTRY / 1e3,
    )?;
    writeln!(text, "| users | active | Roster | for an active user | Cognito Lite | Cognito Essentials |")?;
    writeln!(text, "| --- | --- | --- | --- | --- | --- |")?;
    for users in SIZES {
        let active = users * ACTIVE;
        let entries = active * 16.0 + users * 0.2;
        let stored = (users * BYTES_OF_USER + entries * MONTHS_KEPT * BYTES_OF_ENTRY) / 1e9;
        let roster = active * by_active + users * by_user + by_month + BY_THE_MONTH + stored * PER_GB_STORED;
        writeln!(
            text,
            "| {users} | {active} | ${roster:.2} | ${:.4} | ${:.0} | ${:.0} |",
            roster / active,
            tiers(active, &[(1e4, 0.0), (1e5, 0.0055), (1e6, 0.0046), (f64::INFINITY, 0.003_25)]),
            tiers(active, &[(1e4, 0.0), (f64::INFINITY, 0.015)]),
        )?;
    }
    let idle = by_month + BY_THE_MONTH;
    writeln!(
        text,
        "\nNobody at all: ${idle:.2}. Without the free tiers of AWS: most of the first row lies within them. \
         Not counted: data\ntransfer, cold starts, requests to KMS, the schedules themselves, X-Ray, CloudFront and its firewall."
    )?;
    Ok(())
}

/// What `amount` costs where each part up to a limit has its price.
fn tiers(amount: f64, tiers: &[(f64, f64)]) -> f64 {
    let mut below = 0.0;
    let parts = tiers.iter().map(|(limit, price)| {
        let part = (amount.min(*limit) - below).max(0.0);
        below = *limit;
        part * price
    });
    parts.sum()
}

/// What the tests counted, with the memory that `template.yaml` gives and the time that this takes.
fn operations(request: f64, hash: f64) -> Result<BTreeMap<String, Operation>> {
    let memory = memory()?;
    let map = fs::read_to_string(root().join("docs/architecture.md"))?;
    let table = map.split("<!-- round trips -->").nth(1).and_then(|rest| rest.split("<!-- /round trips -->").next());
    let rows = table.ok_or("the map has a table of round trips")?.lines().filter(|row| row.starts_with("| `"));
    let operations = rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let number = |cell: usize| cells.get(cell).and_then(|cell| cell.parse().ok()).ok_or_else(|| row.to_owned());
        let name = cells[0].trim_matches('`').to_owned();
        let (memory, is_request) = *memory.get(&name).ok_or_else(|| format!("{name} is not deployed"))?;
        let processor = request + if HASHING.contains(&&*name) { hash } else { 0.0 };
        let operation = Operation {
            read_units: number(3)?,
            write_units: number(4)?,
            mails: number(5)?,
            events: number(6)?,
            memory,
            milliseconds: processor * (MB_OF_A_PROCESSOR / memory).max(1.0) + number(1)? * ROUND_TRIP_MS,
            is_request,
            name: name.clone(),
        };
        Ok((name, operation))
    });
    operations.collect()
}

/// Of each function its memory, and whether it answers requests.
fn memory() -> Result<BTreeMap<String, (f64, bool)>> {
    let template = fs::read_to_string(root().join("template.yaml"))?;
    let value = |text: &str, name: &str| -> Option<String> {
        text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
    };
    let mut functions = template.split("Type: AWS::Serverless::Function");
    let usual: f64 = functions.next().and_then(|head| value(head, "MemorySize")).ok_or("no memory is set")?.parse()?;
    let functions = functions.map(|function| {
        let name = value(function, "Handler").ok_or("a function has a handler")?;
        let memory = value(function, "MemorySize").map_or(Ok(usual), |memory| memory.parse())?;
        Ok((name, (memory, function.contains("Type: HttpApi"))))
    });
    functions.collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

const HEAD: &str = "# What it costs

Written by `cargo xtask cost --binary <bootstrap>`, from what the tests count of each operation (docs/architecture.md), from
what is measured of the shipped binary, and from list prices. Nothing of it was billed.

## An operation

RRU and WRU are units of reading and writing as DynamoDB bills them on demand, indexes included. Prices are those of
us-east-1 without free tiers, as publicly listed in November 2026 and perhaps changed since: HTTP API $1.00 for a million
requests; Lambda on arm64 $0.20 for a million and $0.0000133334 for a GB-second; DynamoDB $0.125 for a million RRU and
$0.625 for a million WRU, $0.25 for a GB stored and $0.20 for its backup; SES $0.10 for a thousand mails; EventBridge $1.00
for a million events; logs $0.50 for a GB, at 1 KB for an invocation.

";

const ACTIVITY: &str = "Six of ten users are active in a month. How often each operation runs:
";

const COGNITO: &str = "Cognito bills monthly active users who sign in by themselves: Lite $0.0055, from 100,000 on $0.0046; Essentials $0.015;
the first 10,000 free in both (as publicly listed in November 2026, and perhaps changed since; mails come on top). Cognito
has neither an admin console for invites and app roles nor their activity, and Roster has no federation and no second
factor: prices are compared here, not products.
";
