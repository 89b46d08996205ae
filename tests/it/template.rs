//! What `template.yaml` deploys, and that it is what the code needs: a function for every operation, with the
//! operation's route or events, and the table.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use roster_functions::operations::{self, Operation, Runs, Trigger};
use roster_store::schema;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// The template, with `!Ref X` as `{"Ref": "X"}` and so on: as AWS reads it.
pub(crate) struct Template(Value);

/// What Lambda itself acts on in the name of a function.
const OF_LAMBDA: [&str; 3] = ["log", "stream", "failures"];

/// A function of the template.
pub(crate) struct Function<'t> {
    /// The name of its resource.
    pub(crate) logical_id: &'t str,
    resource: &'t Value,
    role: &'t Value,
}

impl Template {
    pub(crate) fn read() -> Self {
        Self::read_file("template.yaml")
    }

    fn read_file(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).expect("a template can be read");
        let documents = Yaml::load_from_str(&text).expect("a template is YAML");
        Self(json(&documents[0]))
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = Function<'_>> {
        self.resources("AWS::Serverless::Function").map(|(logical_id, resource)| {
            assert_eq!(resource["Properties"]["Role"], get_att(&format!("{logical_id}Role"), "Arn"), "{logical_id}");
            assert!(resource["Properties"]["Policies"].is_null(), "{logical_id} has policies beside those of its role");
            Function { logical_id, resource, role: &self.0["Resources"][format!("{logical_id}Role")]["Properties"] }
        })
    }

    fn resources(&self, kind: &'static str) -> impl Iterator<Item = (&String, &Value)> {
        let resources = self.0["Resources"].as_object().expect("the template has resources");
        resources.iter().filter(move |(_, resource)| resource["Type"] == kind)
    }

    fn table(&self) -> &Value {
        let mut tables = self.resources("AWS::DynamoDB::Table");
        let (_, table) = tables.next().expect("the template has a table");
        assert!(tables.next().is_none(), "the template has one table");
        table
    }
}

impl<'t> Function<'t> {
    /// The name of its operation.
    pub(crate) fn operation(&self) -> &'t str {
        self.properties()["Handler"].as_str().expect("a function has a handler")
    }

    /// What makes it run, in the words of [`trigger`].
    pub(crate) fn trigger(&self) -> String {
        let event = only_value(&self.properties()["Events"]);
        let properties = &event["Properties"];
        match event["Type"].as_str() {
            Some("HttpApi") => match (properties["Method"].as_str(), properties["Path"].as_str()) {
                (Some(method), Some(path)) => format!("{method} {path}"),
                _ => "$default".to_owned(),
            },
            Some("DynamoDB") => stream_trigger(properties),
            Some("ScheduleV2") => text(&properties["ScheduleExpression"]),
            Some("EventBridgeRule") => rule_trigger(properties),
            other => panic!("{} has an event of type {other:?}", self.logical_id),
        }
    }

    /// What its operation may do: an IAM action and what it acts on, `table`, the name of an index, `identity`,
    /// `configuration-set` or `bus`.
    pub(crate) fn grants(&self) -> BTreeSet<(String, String)> {
        self.all_grants().filter(|(_, resource)| !OF_LAMBDA.contains(&resource.as_str())).collect()
    }

    /// What Lambda does in its name: it logs, reads the stream, and puts events aside that failed.
    fn grants_of_lambda(&self) -> BTreeSet<(String, String)> {
        self.all_grants().filter(|(_, resource)| OF_LAMBDA.contains(&resource.as_str())).collect()
    }

    fn all_grants(&self) -> impl Iterator<Item = (String, String)> {
        statements(self.role).into_iter().flat_map(|statement| {
            assert_eq!(statement["Effect"], "Allow", "{}", self.logical_id);
            let resources = list(&statement["Resource"]);
            let resources: Vec<_> = resources.iter().map(|resource| self.resource_name(resource)).collect();
            let pairs = list(&statement["Action"]).into_iter();
            pairs
                .flat_map(|action| resources.clone().into_iter().map(move |resource| (text(&action), resource)))
                .collect::<Vec<_>>()
        })
    }

    /// What a statement is about, in one word.
    fn resource_name(&self, resource: &Value) -> String {
        let ses = |kind: &str| format!("arn:${{AWS::Partition}}:ses:${{AWS::Region}}:${{AWS::AccountId}}:{kind}");
        let known = [
            (get_att("Table", "Arn"), "table"),
            (get_att("Table", "StreamArn"), "stream"),
            (get_att("EventBus", "Arn"), "bus"),
            (get_att("Failures", "Arn"), "failures"),
            (get_att(&format!("{}Log", self.logical_id), "Arn"), "log"),
            (json!({ "Fn::Sub": ses("identity/${SenderIdentity}") }), "identity"),
            (json!({ "Fn::Sub": ses("configuration-set/${MailConfiguration}") }), "configuration-set"),
        ];
        if let Some((_, name)) = known.iter().find(|(known, _)| known == resource) {
            return (*name).to_owned();
        }
        match resource["Fn::Sub"].as_str().and_then(|arn| arn.strip_prefix("${Table.Arn}/index/")) {
            Some(index) => index.to_owned(),
            None => panic!("{}: {resource} is not of this installation", self.logical_id),
        }
    }

    /// The variables that it has beside those of every function.
    pub(crate) fn own_variables(&self) -> BTreeSet<&'t str> {
        let variables = self.properties()["Environment"]["Variables"].as_object();
        variables.into_iter().flat_map(|variables| variables.keys().map(String::as_str)).collect()
    }

    fn properties(&self) -> &'t Value {
        &self.resource["Properties"]
    }
}

#[test]
fn every_operation_is_a_function_with_its_trigger() {
    let operations = operations::all().iter().map(|operation| format!("{}: {}", operation.name, trigger(operation)));
    let template = Template::read();
    let functions = template.functions().map(|function| format!("{}: {}", function.operation(), function.trigger()));

    assert_same(("template.yaml", functions), ("the operations", operations));
}

#[test]
fn every_function_is_named_after_its_operation() {
    for function in Template::read().functions() {
        assert_eq!(function.logical_id, pascal_case(function.operation()));
    }
}

#[test]
fn all_functions_are_one_build() {
    let build = json!({ "BuildMethod": "rust-cargolambda", "BuildProperties": { "Binary": "bootstrap" } });

    for function in Template::read().functions() {
        assert_eq!(function.resource["Metadata"], build, "{}", function.logical_id);
        for shared in ["CodeUri", "Runtime", "Architectures"] {
            assert!(function.properties()[shared].is_null(), "{} has its own {shared}", function.logical_id);
        }
    }
}

#[test]
fn every_function_logs_to_a_group_of_its_own_that_forgets() {
    let template = Template::read();

    for function in template.functions() {
        let group = format!("{}Log", function.logical_id);
        assert_eq!(function.properties()["LoggingConfig"]["LogGroup"], json!({ "Ref": group }));
        let resource = &template.0["Resources"][&group];
        assert_eq!(resource["Type"], "AWS::Logs::LogGroup", "{group}");
        assert_eq!(resource["Properties"]["RetentionInDays"], json!({ "Ref": "LogRetentionDays" }), "{group}");
    }
}

#[test]
fn every_function_has_a_sample_event() {
    let template = Template::read();
    let functions = template.functions().map(|function| function.operation().to_owned());

    assert_same(("template.yaml", functions), ("events/", sample_events().into_keys()));
}

#[test]
fn a_sample_event_is_one_that_its_function_is_given() {
    let events = sample_events();

    for function in Template::read().functions() {
        let event = &events[function.operation()];
        let trigger = function.trigger();
        let given = if let Some(record) = event["Records"].get(0) {
            let happened = format!("{} of ", text(&record["eventName"]));
            let mut filters = trigger.split(", ").filter_map(|filter| filter.strip_prefix(&happened)?.split_once(' '));
            filters.any(|(key, prefix)| text(&record["dynamodb"]["Keys"][key]["S"]).starts_with(prefix))
        } else if event["source"] == "aws.scheduler" {
            trigger.starts_with("rate(")
        } else if event["source"] == "roster" {
            trigger == "every event of the bus"
        } else if event["source"] == "aws.ses" {
            trigger.split(", ").any(|detail_type| event["detail-type"] == detail_type)
        } else {
            event["routeKey"] == trigger
        };
        assert!(given, "{} is not given its sample event", function.logical_id);
    }
}

#[test]
fn no_grant_has_a_wildcard() {
    let template = Template::read();
    let resources = template.0["Resources"].as_object().expect("the template has resources");

    for (logical_id, resource) in resources {
        for mut statement in statements(&resource["Properties"]) {
            if logical_id == "SendTraces" {
                assert_eq!(statement["Action"], json!(["xray:PutTelemetryRecords", "xray:PutTraceSegments"]));
                statement["Resource"] = json!("X-Ray knows no resources");
            }
            let names: Vec<_> = statement.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            assert!(!names.iter().any(|name| name.starts_with("Not")), "{logical_id}: {statement}");
            for part in ["Action", "Resource", "Principal"] {
                assert!(!statement[part].to_string().contains('*'), "{logical_id}: {statement}");
            }
        }
    }
}

#[test]
fn lambda_may_do_for_a_function_what_its_events_need() {
    let grant = |action: &&str, on: &str| ((*action).to_owned(), on.to_owned());

    for function in Template::read().functions() {
        let event = only_value(&function.properties()["Events"]);
        let mut needed: BTreeSet<_> =
            ["logs:CreateLogStream", "logs:PutLogEvents"].iter().map(|action| grant(action, "log")).collect();
        if event["Type"] == "DynamoDB" {
            let actions = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];
            needed.extend(actions.iter().map(|action| grant(&format!("dynamodb:{action}").as_str(), "stream")));
        }
        if event["Type"] != "HttpApi" {
            needed.insert(grant(&"sqs:SendMessage", "failures"));
        }
        assert_eq!(function.grants_of_lambda(), needed, "{}", function.logical_id);
    }
}

#[test]
fn whoever_uses_the_table_may_use_its_key() {
    let conditional =
        |condition, policy: &str| json!({ "Fn::If": [condition, { "Ref": policy }, { "Ref": "AWS::NoValue" }] });
    let (key, traces) = (conditional("HasKey", "UseKey"), conditional("IsTraced", "SendTraces"));

    for function in Template::read().functions() {
        let uses_table = function.grants().iter().any(|(action, _)| action.starts_with("dynamodb:"));
        let expected = if uses_table { json!([key, traces]) } else { json!([traces]) };
        assert_eq!(function.role["ManagedPolicyArns"], expected, "{}", function.logical_id);
    }
}

#[test]
fn only_lambda_takes_the_role_of_a_function() {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }],
    });

    for function in Template::read().functions() {
        assert_eq!(function.role["AssumeRolePolicyDocument"], trust, "{}", function.logical_id);
    }
}

#[test]
fn what_outsiders_may_try_is_throttled_more_than_the_rest() {
    let limited = |rate: Value, burst: Value| json!({ "ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst });
    let parameter = |name: &str| limited(json!({ "Ref": name }), json!({ "Ref": name }));
    let is_public = |document: &Value| only_value(only_value(&document["paths"]))["security"].is_null();
    let tried = operations::all().iter().filter(|operation| match operation.runs {
        Runs::OnRequest(routes) => {
            let document = serde_json::to_value((routes.serve)().get_openapi()).expect("the document is JSON");
            operation.name == "change_password" || is_public(&document) && trigger(operation).starts_with("POST ")
        }
        _ => false,
    });
    let template = Template::read();
    let api = &template.0["Resources"]["Api"]["Properties"];
    let routes = api["RouteSettings"].as_object().expect("the API has settings of routes");
    let throttled = routes.iter().filter(|(_, settings)| **settings == parameter("PasswordRequestsPerSecond"));

    assert_eq!(api["DefaultRouteSettings"], parameter("RequestsPerSecond"));
    assert_same(("template.yaml", throttled.map(|(route, _)| route.clone())), ("the operations", tried.map(trigger)));
    let all: BTreeSet<_> = template.functions().map(|function| function.trigger()).collect();
    assert!(routes.keys().all(|route| all.contains(route)), "{routes:#?}");
}

#[test]
fn logs_hold_no_secrets_and_forget() {
    let template = Template::read();
    let retention = json!({ "Ref": "LogRetentionDays" });
    let format = text(&template.0["Resources"]["Api"]["Properties"]["AccessLogSettings"]["Format"]);
    let told: BTreeSet<_> = format.split('$').skip(1).filter_map(|rest| rest.split('"').next()).collect();

    for (logical_id, group) in template.resources("AWS::Logs::LogGroup") {
        assert_eq!(group["Properties"]["RetentionInDays"], retention, "{logical_id}");
    }
    let harmless = [
        "context.identity.sourceIp",
        "context.integrationErrorMessage",
        "context.requestId",
        "context.requestTimeEpoch",
        "context.responseLatency",
        "context.responseLength",
        "context.routeKey",
        "context.status",
    ];
    assert_eq!(told, BTreeSet::from(harmless), "no query, no header, no body");
    serde_json::from_str::<Value>(&format).expect("a line of the access log is JSON");
}

#[test]
fn every_alarm_is_told_and_says_what_to_do() {
    let template = Template::read();
    let guide = fs::read_to_string(root().join("docs/operations.md")).expect("docs/operations.md can be read");

    for (logical_id, alarm) in template.resources("AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        let place = format!("(docs/operations.md#{})", logical_id.to_lowercase());
        assert!(text(&properties["AlarmDescription"]).ends_with(&place), "{logical_id} names no place in the guide");
        assert!(guide.contains(&format!("\n### {logical_id}\n")), "docs/operations.md says nothing of {logical_id}");
        assert_eq!(properties["AlarmActions"], json!([{ "Ref": "Alarms" }]), "{logical_id} tells nobody");
    }
}

#[test]
fn an_alarm_waits_for_a_line_that_is_logged() {
    let source = fs::read_to_string(root().join("functions/src/events/delivery.rs")).expect("the source can be read");
    let template = Template::read();
    let filters =
        template.resources("AWS::Logs::MetricFilter").map(|(_, filter)| text(&filter["Properties"]["FilterPattern"]));
    let lines: Vec<_> = filters
        .filter_map(|pattern| Some(pattern.split_once("$.fields.message = ")?.1.trim_end_matches(" }").to_owned()))
        .collect();

    assert!(!lines.is_empty());
    for line in lines {
        assert!(source.contains(&line), "{line} is not logged");
    }
}

#[test]
fn the_stack_is_far_from_the_limits_of_cloudformation() {
    const MAX_RESOURCES: usize = 500;
    const MAX_BYTES: u64 = 1_000_000;
    let template = Template::read();
    let written = template.0["Resources"].as_object().map_or(0, Map::len);
    // What SAM adds: a permission for a route or a rule, with the rule; a mapping of the stream; a schedule with its
    // role; a configuration of retries; the stage of the API.
    let added = template.functions().map(|function| {
        let event = only_value(&function.properties()["Events"]);
        let of_event = match event["Type"].as_str() {
            Some("HttpApi" | "DynamoDB") => 1,
            _ => 2,
        };
        of_event + usize::from(!function.properties()["EventInvokeConfig"].is_null())
    });
    let resources = written + added.sum::<usize>() + 1;
    let bytes = fs::metadata(root().join("template.yaml")).expect("template.yaml can be read").len();

    assert!(resources < MAX_RESOURCES * 9 / 10, "{resources} resources: split the stack before it is too late");
    // SAM writes the API into it, which makes it nearly twice as large.
    assert!(bytes * 2 < MAX_BYTES * 9 / 10, "{bytes} bytes");
}

#[test]
fn only_operations_that_mail_may_mail() {
    assert_granted_to("ses:", |runs| matches!(runs, Runs::OnMailEvent(..)));
}

#[test]
fn only_operations_that_publish_may_publish() {
    assert_granted_to("events:", |runs| matches!(runs, Runs::OnPublishingEvent(..)));
}

/// Asserts that actions of this service are granted to these operations and to no others.
#[track_caller]
fn assert_granted_to(service: &str, is_meant: impl Fn(&Runs) -> bool) {
    let template = Template::read();
    let granted = template
        .functions()
        .filter(|function| function.grants().iter().any(|(action, _)| action.starts_with(service)))
        .map(|function| function.operation().to_owned());
    let meant = operations::all()
        .iter()
        .filter(|operation| is_meant(&operation.runs))
        .map(|operation| operation.name.to_owned());

    assert_same(("template.yaml", granted), ("the operations", meant));
}

#[test]
fn only_set_up_knows_the_setup_secret() {
    let template = Template::read();
    let knows = template.functions().filter(|function| function.own_variables().contains("ROSTER_SETUP_SECRET"));
    let knows: Vec<_> = knows.map(|function| function.operation().to_owned()).collect();

    assert_eq!(knows, ["set_up"]);
}

#[test]
fn no_event_is_lost_silently() {
    let queue = json!({ "Fn::GetAtt": ["Failures", "Arn"] });

    for function in Template::read().functions() {
        let event = only_value(&function.properties()["Events"]);
        let properties = &event["Properties"];
        let invocation = &function.properties()["EventInvokeConfig"];
        match event["Type"].as_str() {
            Some("DynamoDB") => {
                assert_eq!(properties["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
                assert_eq!(properties["BisectBatchOnFunctionError"], true);
                assert!(properties["MaximumRetryAttempts"].is_u64(), "{} retries for ever", function.logical_id);
                assert_eq!(properties["DestinationConfig"]["OnFailure"]["Destination"], queue);
            }
            Some("ScheduleV2" | "EventBridgeRule") => {
                assert_eq!(properties["DeadLetterConfig"]["Arn"], queue);
                assert_eq!(invocation["DestinationConfig"]["OnFailure"]["Destination"], queue);
            }
            _ => {}
        }
    }
}

#[test]
fn the_table_is_as_the_code_creates_it() {
    let template = Template::read();
    let properties = &template.table()["Properties"];
    let keys =
        |pk, sk| json!([{ "AttributeName": pk, "KeyType": "HASH" }, { "AttributeName": sk, "KeyType": "RANGE" }]);
    let attributes = ["pk", "sk"].into_iter().chain(schema::INDEXES.into_iter().flat_map(|(_, pk, sk)| [pk, sk]));
    let attributes: Vec<_> = attributes.map(|name| json!({ "AttributeName": name, "AttributeType": "S" })).collect();
    let indexes = schema::INDEXES.map(|(name, pk, sk)| {
        json!({ "IndexName": name, "KeySchema": keys(pk, sk), "Projection": { "ProjectionType": "ALL" } })
    });

    assert_eq!(properties["AttributeDefinitions"], json!(attributes));
    assert_eq!(properties["KeySchema"], keys("pk", "sk"));
    assert_eq!(properties["GlobalSecondaryIndexes"], json!(indexes));
    assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(properties["StreamSpecification"], json!({ "StreamViewType": "NEW_AND_OLD_IMAGES" }));
    assert_eq!(
        properties["TimeToLiveSpecification"],
        json!({ "AttributeName": schema::TTL_ATTRIBUTE, "Enabled": true })
    );
}

#[test]
fn the_table_outlives_its_stack() {
    let template = Template::read();
    let table = template.table();

    assert_eq!(table["DeletionPolicy"], "Retain");
    assert_eq!(table["UpdateReplacePolicy"], "Retain");
    assert_eq!(table["Properties"]["DeletionProtectionEnabled"], true);
    assert_eq!(table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
}

#[test]
fn a_restored_table_is_taken_over_as_it_is_deployed() {
    let restored = Template::read_file("docs/restore.yaml");
    let template = Template::read();
    let mut deployed = template.table().clone();
    let encryption = deployed["Properties"]["SSESpecification"].as_object_mut().expect("the table is encrypted");
    encryption.remove("KMSMasterKeyId");

    assert_eq!(*restored.table(), deployed);
}

/// What makes an operation run, in one line: `GET /v1/users`, `$default`, `INSERT of MAIL#`, `rate(5 minutes)` or
/// `Email Bounced, Email Delivered`.
fn trigger(operation: &Operation) -> String {
    match &operation.runs {
        Runs::OnRequest(routes) => {
            let paths = serde_json::to_value(&(routes.serve)().get_openapi().paths).expect("paths are JSON");
            let paths = paths.as_object().expect("paths are an object");
            let (path, methods) = paths.iter().next().expect("there is one");
            let methods = methods.as_object().expect("methods are an object");
            assert_eq!((paths.len(), methods.len()), (1, 1), "{} serves one method of one path", operation.name);
            let method = methods.keys().next().expect("there is one").to_uppercase();
            format!("{method} {path}")
        }
        Runs::OnOtherRequests => "$default".to_owned(),
        runs => match runs.trigger().expect("it runs on events") {
            Trigger::Stream { filters, batching_window } => {
                let each = filters.iter().map(|filter| filter_name(filter.event_name, filter.key, filter.prefix));
                format!("{}, within {} s", each.collect::<Vec<_>>().join(", "), batching_window.as_secs())
            }
            Trigger::Schedule(every) => match every.as_secs() / 60 {
                1 => "rate(1 minute)".to_owned(),
                minutes => format!("rate({minutes} minutes)"),
            },
            Trigger::MailEvents(detail_types) => detail_types.join(", "),
            Trigger::DomainEvent => "every event of the bus".to_owned(),
        },
    }
}

/// As [`trigger`] names it. The filters may say nothing else.
fn stream_trigger(properties: &Value) -> String {
    let filters = list(&properties["FilterCriteria"]["Filters"]).into_iter().map(|filter| {
        let pattern: Value = serde_json::from_str(&text(&filter["Pattern"])).expect("a pattern is JSON");
        let event_name = text(&pattern["eventName"][0]);
        let keys = pattern["dynamodb"]["Keys"].as_object().expect("a pattern names a key");
        let (key, value) = keys.iter().next().expect("a pattern names a key");
        let prefix = text(&value["S"][0]["prefix"]);
        let expected = json!({
            "eventName": [event_name],
            "dynamodb": { "Keys": { key: { "S": [{ "prefix": prefix }] } } },
        });
        assert_eq!(pattern, expected);
        filter_name(&event_name, key, &prefix)
    });
    let batching_window = properties["MaximumBatchingWindowInSeconds"].as_u64().unwrap_or(0);
    format!("{}, within {batching_window} s", filters.collect::<Vec<_>>().join(", "))
}

/// As [`trigger`] names it. Events must be those of this installation: of its bus, or of its mails.
fn rule_trigger(properties: &Value) -> String {
    let pattern = &properties["Pattern"];
    if properties["EventBusName"] == json!({ "Ref": "EventBus" }) {
        assert_eq!(*pattern, json!({ "source": ["roster"] }));
        return "every event of the bus".to_owned();
    }
    let detail_types = list(&pattern["detail-type"]);
    let expected = json!({
        "source": ["aws.ses"],
        "detail-type": detail_types,
        "detail": { "mail": { "tags": { "ses:configuration-set": [{ "Ref": "MailConfiguration" }] } } },
    });
    assert_eq!(*pattern, expected);
    detail_types.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn filter_name(event_name: &str, key: &str, prefix: &str) -> String {
    format!("{event_name} of {key} {prefix}")
}

/// Names what only one of the two has.
fn assert_same(
    (left, of_left): (&str, impl Iterator<Item = String>),
    (right, of_right): (&str, impl Iterator<Item = String>),
) {
    let (of_left, of_right): (BTreeSet<_>, BTreeSet<_>) = (of_left.collect(), of_right.collect());
    let only_left: Vec<_> = of_left.difference(&of_right).collect();
    let only_right: Vec<_> = of_right.difference(&of_left).collect();
    assert!(of_left == of_right, "only in {left}: {only_left:#?}\nonly in {right}: {only_right:#?}");
}

pub(crate) fn sample_events() -> BTreeMap<String, Value> {
    let files = fs::read_dir(root().join("events")).expect("events/ can be read");
    let events = files.map(|file| {
        let path = file.expect("events/ can be read").path();
        let event = fs::read_to_string(&path).expect("an event can be read");
        let event = serde_json::from_str(&event).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_stem().expect("a file has a name").to_string_lossy().into_owned(), event)
    });
    events.collect()
}

/// Every statement of the policies in `value`, however they are written.
fn statements(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(entries) if entries.contains_key("Action") || entries.contains_key("NotAction") => {
            vec![value.clone()]
        }
        Value::Object(entries) => {
            let policies = entries.iter().filter(|(name, _)| *name != "AssumeRolePolicyDocument");
            policies.flat_map(|(_, value)| statements(value)).collect()
        }
        Value::Array(values) => values.iter().flat_map(statements).collect(),
        _ => Vec::new(),
    }
}

fn get_att(logical_id: &str, attribute: &str) -> Value {
    json!({ "Fn::GetAtt": [logical_id, attribute] })
}

fn pascal_case(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect()
}

/// The value of an object with one entry.
fn only_value(object: &Value) -> &Value {
    let entries = object.as_object().expect("an object");
    assert_eq!(entries.len(), 1, "{object}");
    entries.values().next().expect("there is one")
}

/// A list, or the one thing that AWS takes for a list of one; nothing if there is none.
fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.clone(),
        value => vec![value.clone()],
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(values) => values.iter().map(json).collect(),
        Yaml::Mapping(entries) => {
            let entries = entries.iter().map(|(key, value)| (text(&json(key)), json(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Yaml::Tagged(tag, value) => match (tag.suffix.as_str(), json(value)) {
            ("Ref", value) => json!({ "Ref": value }),
            ("GetAtt", Value::String(path)) => json!({ "Fn::GetAtt": path.splitn(2, '.').collect::<Vec<_>>() }),
            (function, value) => json!({ format!("Fn::{function}"): value }),
        },
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => panic!("{node:?} has no place in a template"),
    }
}
