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
pub(crate) struct Template(pub(crate) Value);

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

    pub(crate) fn read_file(path: &str) -> Self {
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

    /// The variables of this function, and those of all functions, as the template writes their values.
    pub(crate) fn variables_of(&self, function: &Function<'_>) -> BTreeMap<String, Value> {
        let all = [&self.0["Globals"]["Function"], function.properties()];
        let all = all.into_iter().filter_map(|properties| properties["Environment"]["Variables"].as_object());
        all.flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// What this parameter is, where nobody says otherwise.
    pub(crate) fn default_of(&self, parameter: &str) -> String {
        text(&self.0["Parameters"][parameter]["Default"])
    }

    pub(crate) fn resources(&self, kind: &'static str) -> impl Iterator<Item = (&String, &Value)> {
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

    pub(crate) fn properties(&self) -> &'t Value {
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
fn what_a_function_logs_is_kept_as_the_level_says() {
    let logging = json!({ "LogFormat": "JSON", "ApplicationLogLevel": "TRACE", "SystemLogLevel": "INFO" });

    assert_eq!(Template::read().0["Globals"]["Function"]["LoggingConfig"], logging);
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
        if matches!(event["Type"].as_str(), Some("DynamoDB" | "EventBridgeRule")) {
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
    let tried = operations::all().iter().filter(|operation| match operation.runs {
        Runs::OnRequest(annotated) => {
            let is_public = (annotated.route)().is_public();
            operation.name == "change_password" || is_public && trigger(operation).starts_with("POST ")
        }
        _ => false,
    });
    let template = Template::read();
    let api = &template.0["Resources"]["Api"]["Properties"];
    let routes = api["RouteSettings"].as_object().expect("the API has settings of routes");
    let throttled = routes.iter().filter(|(_, settings)| **settings == parameter("PasswordRequestsPerSecond"));

    assert_eq!(api["DefaultRouteSettings"], parameter("RequestsPerSecond"));
    assert_same(("template.yaml", throttled.map(|(route, _)| route.clone())), ("the operations", tried.map(trigger)));
}

#[test]
fn what_works_on_many_users_at_once_is_throttled_the_most() {
    const BULK: [&str; 4] = ["create_users", "delete_users", "export_users", "invite_users"];
    let bulk = operations::all().iter().filter(|operation| BULK.contains(&operation.name)).map(trigger);
    let template = Template::read();
    let routes = template.0["Resources"]["Api"]["Properties"]["RouteSettings"].as_object();
    let few = json!({ "ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10 });
    let password = json!({ "Ref": "PasswordRequestsPerSecond" });
    let throttled = routes.into_iter().flatten().filter(|(_, settings)| settings["ThrottlingRateLimit"] != password);

    assert!(throttled.clone().all(|(_, settings)| *settings == few), "{routes:#?}");
    assert_same(("template.yaml", throttled.map(|(route, _)| route.clone())), ("the operations", bulk));
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
fn every_variable_is_one_that_the_program_reads() {
    let template = Template::read();
    let given = template.functions().flat_map(|function| template.variables_of(&function).into_keys());
    let given: Vec<_> = given.collect();

    assert_same(
        ("template.yaml", given.into_iter()),
        ("functions/src", variables_read(&root().join("functions/src")).into_iter()),
    );
}

#[test]
fn every_function_has_the_variables_that_its_operation_needs_and_no_others() {
    let template = Template::read();
    let secret = json!({ "Fn::Sub": "{{resolve:secretsmanager:${SetupSecret}:SecretString}}" });

    for function in template.functions() {
        let mut needed = BTreeMap::from([
            ("ROSTER_TABLE", json!({ "Ref": "Table" })),
            ("ROSTER_LOG", json!({ "Ref": "LogLevel" })),
            ("ROSTER_SECURITY", json!({ "Ref": "SecurityPreset" })),
            ("ROSTER_EDGE_SECRET", json!({ "Ref": "EdgeSecret" })),
        ]);
        let operation = operations::all().iter().find(|operation| operation.name == function.operation());
        match operation.expect("it is an operation").runs {
            _ if function.operation() == "set_up" => needed.insert("ROSTER_SETUP_SECRET", secret.clone()),
            Runs::OnMailEvent(..) => {
                needed.insert("ROSTER_MAIL_CONFIGURATION_SET", json!({ "Ref": "MailConfiguration" }))
            }
            Runs::OnPublishingEvent(..) => needed.insert("ROSTER_EVENT_BUS", json!({ "Ref": "EventBus" })),
            _ => None,
        };
        let needed = needed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(template.variables_of(&function), needed, "{}", function.logical_id);
    }
}

/// The names of variables in the sources of a directory.
fn variables_read(directory: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory).expect("sources can be read") {
        let path = entry.expect("sources can be read").path();
        if path.is_dir() {
            names.extend(variables_read(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).expect("a source can be read");
            let calls = source.split("optional(\"").chain(source.split("variable(\""));
            let read = calls.filter_map(|rest| rest.split_once("\")")).map(|(name, _)| name);
            names.extend(read.filter(|name| name.starts_with("ROSTER_")).map(str::to_owned));
        }
    }
    names
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
            Some("EventBridgeRule") => {
                assert_eq!(properties["DeadLetterConfig"]["Arn"], queue);
                assert_eq!(invocation["DestinationConfig"]["OnFailure"]["Destination"], queue);
            }
            // The next run does what was left, and `ScheduleAlarm` rings if it cannot.
            Some("ScheduleV2") => {
                assert!(properties["DeadLetterConfig"].is_null() && invocation["DestinationConfig"].is_null());
                // A run, the minute that Lambda waits, and a moment.
                let a_run = function.properties()["Timeout"].as_u64().expect("it has a time limit");
                let age = invocation["MaximumEventAgeInSeconds"].as_u64().expect("events grow old");
                assert!(age > a_run + 60, "{} is not tried again", function.logical_id);
                assert_eq!(invocation["MaximumRetryAttempts"], 1);
                assert_eq!(properties["RetryPolicy"]["MaximumEventAgeInSeconds"], age);
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
fn the_identity_that_mails_outlives_its_stack_but_for_one_that_never_was() {
    let template = Template::read();
    let sender = &template.0["Resources"]["Sender"];

    assert_eq!(sender["DeletionPolicy"], "RetainExceptOnCreate");
    assert_eq!(sender["UpdateReplacePolicy"], "Retain");
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
pub(crate) fn trigger(operation: &Operation) -> String {
    match &operation.runs {
        Runs::OnRequest(_) => {
            let routes: Vec<_> = operations::routes(operation).collect();
            let [(method, path)] = &routes[..] else {
                panic!("{} serves one method of one path", operation.name);
            };
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
#[track_caller]
pub(crate) fn assert_same(
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

pub(crate) fn get_att(logical_id: &str, attribute: &str) -> Value {
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
pub(crate) fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.clone(),
        value => vec![value.clone()],
    }
}

pub(crate) fn text(value: &Value) -> String {
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
