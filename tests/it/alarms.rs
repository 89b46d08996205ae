//! What rings, and on what: an alarm is as good as the metric that it watches, and a metric of our own as good as the
//! line of the log that it counts.

use std::{collections::BTreeSet, fs};

use roster_functions::operations;
use serde_json::{Value, json};

use crate::template::{Function, Template, assert_same, get_att, root, text, trigger};

/// Where our own metrics are.
const OURS: &str = "Roster/${AWS::StackName}";
/// What is logged when a mail is given up, as `events::` sees it.
pub(crate) const GIVEN_UP: &str = "a mail was given up";

/// A metric that an alarm watches: its namespace, name, dimensions and statistic, and the seconds of a period.
type Metric = (String, String, Vec<(String, Value)>, String, u64);

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
fn every_alarm_watches_what_its_name_says() {
    let on = |name: &str, value: Value| (name.to_owned(), value);
    let of_api = vec![on("ApiId", json!({ "Ref": "Api" }))];
    let of_queue = vec![on("QueueName", get_att("Failures", "QueueName"))];
    let of_mail = || vec![on("ses:configuration-set", json!({ "Ref": "MailConfiguration" }))];
    let of_function = |function: &str| vec![on("FunctionName", json!({ "Ref": function }))];
    let of_table = || on("TableName", json!({ "Ref": "Table" }));
    let of_index = |index: &str| vec![of_table(), on("GlobalSecondaryIndexName", json!(index))];
    let throttles = ["WriteThrottleEvents", "ReadThrottleEvents"].into_iter().flat_map(|name| {
        let places = [vec![of_table()], of_index("gsi1"), of_index("gsi2")];
        places.map(|dimensions| metric("AWS/DynamoDB", name, dimensions, "Sum", 60))
    });
    // Without dimensions: all functions of the account in this region, which share what it may run at once.
    let throttles = throttles.chain([metric("AWS/Lambda", "Throttles", Vec::new(), "Sum", 60)]);
    let ages = functions_on("DynamoDB").into_iter();
    let ages = ages.map(|function| metric("AWS/Lambda", "IteratorAge", of_function(&function), "Maximum", 60));
    let errors = functions_on("ScheduleV2").into_iter();
    let errors = errors.map(|function| metric("AWS/Lambda", "Errors", of_function(&function), "Average", 600));
    let sorted = |metrics: Vec<Metric>| metrics.into_iter().map(|metric| format!("{metric:?}")).collect();
    let expected: Vec<(&str, BTreeSet<String>, &str, Value)> = vec![
        ("ApiAlarm", sorted(vec![metric("AWS/ApiGateway", "5xx", of_api, "Sum", 60)]), "> 0", json!([1, 1])),
        (
            "BounceAlarm",
            sorted(vec![metric("AWS/SES", "Reputation.BounceRate", of_mail(), "Average", 3600)]),
            ">= 0.05",
            json!([1, 1]),
        ),
        (
            "ComplaintAlarm",
            sorted(vec![metric("AWS/SES", "Reputation.ComplaintRate", of_mail(), "Average", 3600)]),
            ">= 0.001",
            json!([1, 1]),
        ),
        (
            "FailuresAlarm",
            sorted(vec![metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", of_queue, "Maximum", 60)]),
            "> 0",
            json!([1, 1]),
        ),
        ("MailAlarm", sorted(vec![metric(OURS, "MailsGivenUp", Vec::new(), "Sum", 60)]), "> 0", json!([1, 1])),
        ("ScheduleAlarm", sorted(errors.collect()), "MAX([expiry, mail, webhooks]) >= 1", json!([2, 2])),
        ("SignInAlarm", sorted(vec![metric(OURS, "SignInsRefused", Vec::new(), "Sum", 300)]), ">= 100", json!([1, 1])),
        ("StreamAlarm", sorted(ages.collect()), "MAX([mail, changes]) > 300000", json!([3, 3])),
        (
            "ThrottleAlarm",
            sorted(throttles.collect()),
            "SUM([FILL(writes, 0), FILL(writes1, 0), FILL(writes2, 0), FILL(reads, 0), FILL(reads1, 0), \
             FILL(reads2, 0), FILL(functions, 0)]) > 0",
            json!([5, 3]),
        ),
    ];
    let template = Template::read();
    let mut alarms: Vec<_> = template.resources("AWS::CloudWatch::Alarm").collect();
    alarms.sort_by_key(|(logical_id, _)| *logical_id);

    assert_eq!(alarms.len(), expected.len());
    for ((logical_id, alarm), (name, metrics, rings, periods)) in alarms.into_iter().zip(expected) {
        let properties = &alarm["Properties"];
        assert_eq!(logical_id, name);
        assert_eq!(sorted(watched(properties)), metrics, "{name}");
        assert_eq!(rings_when(properties), rings, "{name}");
        let evaluated = &properties["EvaluationPeriods"];
        let needed = Some(&properties["DatapointsToAlarm"]).filter(|needed| !needed.is_null()).unwrap_or(evaluated);
        assert_eq!(json!([evaluated, needed]), periods, "{name}");
        // What SES computes now and then stays true until it computes it anew.
        let missing = if ["BounceAlarm", "ComplaintAlarm"].contains(&name) { "ignore" } else { "notBreaching" };
        assert_eq!(properties["TreatMissingData"], missing, "{name}");
    }
}

#[test]
fn an_alarm_that_fills_in_what_is_missing_needs_fewer_minutes_than_it_looks_at() {
    for (logical_id, alarm) in Template::read().resources("AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        let (needed, evaluated) = (&properties["DatapointsToAlarm"], &properties["EvaluationPeriods"]);
        // The newest minute is not there yet, and would be filled in: with all of them needed, it never rings.
        if rings_when(properties).contains("FILL") {
            assert!(needed.as_u64().is_some_and(|needed| needed < evaluated.as_u64().unwrap()), "{logical_id}");
        }
    }
}

#[test]
fn the_guide_and_the_page_of_costs_count_the_metrics_of_alarms() {
    let template = Template::read();
    let metrics: usize =
        template.resources("AWS::CloudWatch::Alarm").map(|(_, alarm)| watched(&alarm["Properties"]).len()).sum();
    let told = |path: &str, words: &str| fs::read_to_string(root().join(path)).unwrap().contains(words);

    assert!(told("docs/operations.md", &format!("that an alarm watches, {metrics} in all")), "{metrics} in the guide");
    let costs = format!("const BY_THE_MONTH: f64 = 0.4 + {}.{} + 0.6;", metrics / 10, metrics % 10);
    assert!(told("xtask/src/cost.rs", &costs), "{costs} in xtask/src/cost.rs");
}

#[test]
fn the_dashboard_shows_every_alarm() {
    let template = Template::read();
    let body = text(&template.0["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]);
    let board: Value = serde_json::from_str(&body).expect("a dashboard is JSON");
    let shown = board["widgets"][0]["properties"]["alarms"].as_array().into_iter().flatten().map(text);
    let alarms = template.resources("AWS::CloudWatch::Alarm").map(|(name, _)| format!("${{{name}.Arn}}"));

    assert_same(("the dashboard", shown), ("the alarms", alarms));
}

#[test]
fn every_metric_of_ours_is_counted_where_its_lines_are_logged() {
    let template = Template::read();
    let filters = template.resources("AWS::Logs::MetricFilter").map(|(logical_id, filter)| {
        let properties = &filter["Properties"];
        let counted = &properties["MetricTransformations"][0];
        assert_eq!(properties["MetricTransformations"].as_array().map(Vec::len), Some(1), "{logical_id}");
        assert_eq!(counted["MetricNamespace"], json!({ "Fn::Sub": OURS }), "{logical_id}");
        assert_eq!(counted["MetricValue"], "1", "{logical_id}");
        let log = text(&properties["LogGroupName"]["Ref"]);
        format!("{} in {log}: {}", text(&counted["MetricName"]), text(&properties["FilterPattern"]))
    });
    let given_up = |log: &str| format!(r#"MailsGivenUp in {log}: {{ $.fields.message = "{GIVEN_UP}" }}"#);
    let sign_in = operations::all().iter().find(|operation| operation.name == "sign_in").map(trigger).unwrap();
    let refused = format!(
        r#"SignInsRefused in AccessLog: {{ $.routeKey = "{sign_in}" && ($.status = "401" || $.status = "429") }}"#
    );
    let expected = [refused, given_up("DeliverMailLog"), given_up("RetryMailLog"), given_up("RecordMailEventLog")];
    assert_same(("template.yaml", filters), ("what is logged", expected.into_iter()));

    let format = text(&template.0["Resources"]["Api"]["Properties"]["AccessLogSettings"]["Format"]);
    let line: Value = serde_json::from_str(&format).expect("a line of the access log is JSON");
    assert_eq!((&line["routeKey"], &line["status"]), (&json!("$context.routeKey"), &json!("$context.status")));
}

#[test]
fn every_rule_may_put_aside_what_it_cannot_hand_over() {
    let template = Template::read();
    let policy = &template.0["Resources"]["FailuresPolicy"]["Properties"];
    let statement = &policy["PolicyDocument"]["Statement"][0];
    let allowed = statement["Condition"]["ArnEquals"]["aws:SourceArn"].as_array();
    // As SAM calls them.
    let rules = template.functions().filter(|function| event_type(function) == "EventBridgeRule").map(|function| {
        let events = function.properties()["Events"].as_object().unwrap();
        let event = events.keys().next().unwrap();
        get_att(&format!("{}{event}", function.logical_id), "Arn").to_string()
    });

    assert_same(("the policy", allowed.into_iter().flatten().map(Value::to_string)), ("the rules", rules));
    assert_eq!(policy["Queues"], json!([{ "Ref": "Failures" }]));
    assert_eq!(
        (&statement["Action"], &statement["Resource"]),
        (&json!("sqs:SendMessage"), &get_att("Failures", "Arn"))
    );
    assert_eq!(statement["Principal"], json!({ "Service": "events.amazonaws.com" }));
}

/// The functions with an event of this type.
fn functions_on(kind: &str) -> Vec<String> {
    let template = Template::read();
    let functions = template.functions().filter(|function| event_type(function) == kind);
    functions.map(|function| function.logical_id.to_owned()).collect()
}

fn event_type(function: &Function<'_>) -> String {
    let event = function.properties()["Events"].as_object().and_then(|events| events.values().next());
    text(&event.expect("a function has an event")["Type"])
}

fn metric(namespace: &str, name: &str, mut dimensions: Vec<(String, Value)>, stat: &str, period: u64) -> Metric {
    dimensions.sort_by(|(one, _), (other, _)| one.cmp(other));
    (namespace.to_owned(), name.to_owned(), dimensions, stat.to_owned(), period)
}

/// The metrics that an alarm watches.
fn watched(alarm: &Value) -> Vec<Metric> {
    let read = |named: &Value, stat: &Value, period: &Value| {
        let dimensions = named["Dimensions"].as_array().into_iter().flatten();
        let dimensions = dimensions.map(|dimension| (text(&dimension["Name"]), dimension["Value"].clone()));
        let namespace = named["Namespace"].as_str().map_or_else(|| text(&named["Namespace"]["Fn::Sub"]), str::to_owned);
        metric(&namespace, &text(&named["MetricName"]), dimensions.collect(), &text(stat), period.as_u64().unwrap())
    };
    let Some(metrics) = alarm["Metrics"].as_array() else {
        return vec![read(alarm, &alarm["Statistic"], &alarm["Period"])];
    };
    let metrics = metrics.iter().map(|metric| &metric["MetricStat"]).filter(|metric| !metric.is_null());
    metrics.map(|metric| read(&metric["Metric"], &metric["Stat"], &metric["Period"])).collect()
}

/// When an alarm rings, such as `> 0`, with the expression if there is one.
fn rings_when(alarm: &Value) -> String {
    let operator = match text(&alarm["ComparisonOperator"]).as_str() {
        "GreaterThanThreshold" => ">",
        "GreaterThanOrEqualToThreshold" => ">=",
        other => panic!("say what {other} is"),
    };
    let mut metrics = alarm["Metrics"].as_array().into_iter().flatten();
    let expression = metrics.find_map(|metric| metric["Expression"].as_str());
    let expression = expression.map(|expression| format!("{expression} ")).unwrap_or_default();
    format!("{expression}{operator} {}", alarm["Threshold"])
}
