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

/// A function of the template.
pub(crate) struct Function<'t> {
    /// The name of its resource.
    pub(crate) logical_id: &'t str,
    resource: &'t Value,
}

impl Template {
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(root().join("template.yaml")).expect("template.yaml can be read");
        let documents = Yaml::load_from_str(&text).expect("template.yaml is YAML");
        Self(json(&documents[0]))
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = Function<'_>> {
        self.resources("AWS::Serverless::Function").map(|(logical_id, resource)| Function { logical_id, resource })
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
            Some("DynamoDB") => stream_trigger(&properties["FilterCriteria"]),
            Some("ScheduleV2") => text(&properties["ScheduleExpression"]),
            Some("EventBridgeRule") => rule_trigger(&properties["Pattern"]),
            other => panic!("{} has an event of type {other:?}", self.logical_id),
        }
    }

    /// What it may do: an IAM action and what it acts on, `table`, the name of an index, `identity` or
    /// `configuration-set`.
    pub(crate) fn grants(&self) -> BTreeSet<(String, String)> {
        let policies = list(&self.properties()["Policies"]);
        let statements = policies.iter().flat_map(|policy| list(&policy["Statement"]));
        let grants = statements.flat_map(|statement| {
            assert_eq!(statement["Effect"], "Allow", "{}", self.logical_id);
            let actions = list(&statement["Action"]);
            let resources = list(&statement["Resource"]);
            let pairs = actions
                .iter()
                .flat_map(|action| resources.iter().map(|resource| (text(action), resource_name(resource))));
            pairs.collect::<Vec<_>>()
        });
        grants.collect()
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
    for function in Template::read().functions() {
        for (action, resource) in function.grants() {
            assert!(!action.contains('*'), "{}: {action}", function.logical_id);
            assert!(!resource.contains('*'), "{}: {resource}", function.logical_id);
        }
    }
}

#[test]
fn only_operations_that_mail_may_mail() {
    let template = Template::read();
    let may_mail = template
        .functions()
        .filter(|function| function.grants().iter().any(|(action, _)| action.starts_with("ses:")))
        .map(|function| function.operation().to_owned());
    let mail = operations::all()
        .iter()
        .filter(|operation| matches!(operation.runs, Runs::OnMailEvent(..)))
        .map(|operation| operation.name.to_owned());

    assert_same(("template.yaml", may_mail), ("the operations", mail));
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

/// What makes an operation run, in one line: `GET /v1/users`, `$default`, `INSERT of MAIL#`, `rate(5 minutes)` or
/// `Email Bounced, Email Delivered`.
fn trigger(operation: &Operation) -> String {
    match &operation.runs {
        Runs::OnRequest(router) => {
            let paths = serde_json::to_value(&router().get_openapi().paths).expect("paths are JSON");
            let paths = paths.as_object().expect("paths are an object");
            let (path, methods) = paths.iter().next().expect("there is one");
            let methods = methods.as_object().expect("methods are an object");
            assert_eq!((paths.len(), methods.len()), (1, 1), "{} serves one method of one path", operation.name);
            let method = methods.keys().next().expect("there is one").to_uppercase();
            format!("{method} {path}")
        }
        Runs::OnOtherRequests => "$default".to_owned(),
        Runs::OnEvent(trigger, _) | Runs::OnMailEvent(trigger, _) => match trigger {
            Trigger::Stream(filters) => {
                let each = filters.iter().map(|filter| filter_name(filter.event_name, filter.key, filter.prefix));
                each.collect::<Vec<_>>().join(", ")
            }
            Trigger::Schedule(every) => match every.as_secs() / 60 {
                1 => "rate(1 minute)".to_owned(),
                minutes => format!("rate({minutes} minutes)"),
            },
            Trigger::MailEvents(detail_types) => detail_types.join(", "),
        },
    }
}

/// As [`trigger`] names it. The filters may say nothing else.
fn stream_trigger(criteria: &Value) -> String {
    let filters = list(&criteria["Filters"]).into_iter().map(|filter| {
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
    filters.collect::<Vec<_>>().join(", ")
}

/// As [`trigger`] names it. The mails must be those of this installation.
fn rule_trigger(pattern: &Value) -> String {
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

/// What a statement is about, in one word.
fn resource_name(resource: &Value) -> String {
    let ses = |kind: &str| format!("arn:${{AWS::Partition}}:ses:${{AWS::Region}}:${{AWS::AccountId}}:{kind}");
    if *resource == json!({ "Fn::GetAtt": ["Table", "Arn"] }) {
        return "table".to_owned();
    }
    match text(&resource["Fn::Sub"]) {
        arn if arn == ses("identity/${SenderIdentity}") => "identity".to_owned(),
        arn if arn == ses("configuration-set/${MailConfiguration}") => "configuration-set".to_owned(),
        arn => match arn.strip_prefix("${Table.Arn}/index/") {
            Some(index) => index.to_owned(),
            None => panic!("{arn} is not of this installation"),
        },
    }
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
