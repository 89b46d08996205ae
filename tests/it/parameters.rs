//! What `template.yaml` and `edge.yaml` may be told: whoever mistypes is told so before anything is deployed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::template::{Template, text};

const TEMPLATES: [&str; 2] = ["template.yaml", "edge.yaml"];

#[test]
fn every_parameter_has_a_rule_and_says_what_to_give() {
    for (template, name, parameter) in parameters() {
        let has = |key: &str| !parameter[key].is_null();
        let has_rule = has("AllowedValues") || has("AllowedPattern") || has("MinValue") && has("MaxValue");
        assert!(has_rule, "{template} takes anything for {name}");
        assert!(has("Description") && has("ConstraintDescription"), "{template} does not say what {name} is");
        assert!(takes(&parameter, &parameter["Default"]), "{template}: {name} is not what it is by default");
    }
}

#[test]
fn what_is_mistyped_is_refused() {
    let (key, certificate) = ("arn:aws:kms:eu-central-1:123456789012", "arn:aws:acm:us-east-1:123456789012");
    let long = "x".repeat(32);
    let cases: Vec<(&str, Vec<String>, Vec<String>)> = vec![
        (
            "SenderIdentity",
            strings(["example.com", "roster@mail.example.com"]),
            strings(["", "example", "@example.com"]),
        ),
        (
            "DomainName",
            strings(["users.example.com"]),
            strings(["https://users.example.com", "a.example.com/", "Users.com"]),
        ),
        ("ApiDomain", strings(["a1b2.execute-api.eu-central-1.amazonaws.com"]), strings(["", "https://a.example.com"])),
        (
            "CertificateArn",
            vec![format!("{certificate}:certificate/0a-1b")],
            vec![format!("{certificate}:certificate/"), "0a-1b".to_owned()],
        ),
        (
            "KmsKeyArn",
            vec![
                String::new(),
                format!("{key}:key/mrk-0a1b"),
                "arn:aws-us-gov:kms:us-gov-east-1:123456789012:key/0".to_owned(),
            ],
            vec![format!("{key}:alias/roster"), "alias/roster".to_owned(), "0a1b".to_owned()],
        ),
        ("EdgeSecret", vec![long.clone(), long.repeat(4)], vec![long[1..].to_owned(), format!("{long} {long}")]),
        (
            "AlarmEmail",
            strings(["", "ops@example.com"]),
            strings(["ops", "ops@example", "a@example.com,b@example.com c"]),
        ),
        ("BlockedNetworks", strings(["198.51.100.7/32"]), strings(["", "198.51.100.7", "0.0.0.0/0", "2001:db8::/32"])),
        ("BlockedNetworksV6", strings(["2001:db8::7/128"]), strings(["", "2001:db8::7", "::/0", "198.51.100.7/32"])),
    ];
    let all = parameters();
    let patterned: BTreeSet<_> = all
        .iter()
        .filter(|(_, _, parameter)| !parameter["AllowedPattern"].is_null())
        .map(|(_, name, _)| &**name)
        .collect();
    assert_eq!(patterned, cases.iter().map(|(name, ..)| *name).collect(), "every pattern is tried");

    for (name, right, wrong) in &cases {
        for (template, _, parameter) in all.iter().filter(|(_, known, _)| known == name) {
            for value in right.iter().filter(|value| !value.is_empty() || parameter["Default"] == "") {
                assert!(takes(parameter, &json!(value)), "{template}: {name} is not to be {value:?}");
            }
            for value in wrong {
                assert!(!takes(parameter, &json!(value)), "{template}: {name} may be {value:?}");
            }
        }
    }
}

#[test]
fn what_belongs_together_is_given_together() {
    let is_given = |name: &str| json!({ "Fn::Not": [{ "Fn::Equals": [{ "Ref": name }, ""] }] });
    let needs = |one: &str, other: &str| (is_given(one), is_given(other));
    let rules = Template::read().0["Rules"].clone();
    let rules: Vec<_> = rules
        .as_object()
        .unwrap()
        .values()
        .map(|rule| (rule["RuleCondition"].clone(), rule["Assertions"][0]["Assert"].clone()))
        .collect();
    let edge = Template::read_file("edge.yaml");
    let differ = json!({ "Fn::Not": [{ "Fn::Equals": [{ "Ref": "DomainName" }, { "Ref": "ApiDomain" }] }] });

    assert!(
        rules.contains(&needs("DomainName", "CertificateArn"))
            && rules.contains(&needs("CertificateArn", "DomainName"))
    );
    assert_eq!(edge.0["Rules"]["DomainIsNotTheOneOfTheApi"]["Assertions"][0]["Assert"], differ);
}

#[test]
fn the_distribution_and_the_program_agree_on_the_headers() {
    let edge = Template::read_file("edge.yaml");
    let origin = &edge.0["Resources"]["Distribution"]["Properties"]["DistributionConfig"]["Origins"][0];
    let secret = &origin["OriginCustomHeaders"][0];
    let function = text(&edge.0["Resources"]["TellClient"]["Properties"]["FunctionCode"]);
    let source = include_str!("../../functions/src/edge.rs");

    assert!(source.contains(&format!("const SECRET: &str = {};", secret["HeaderName"])), "{secret}");
    assert_eq!(secret["HeaderValue"], json!({ "Ref": "EdgeSecret" }));
    let (_, client) = source.split_once("const CLIENT: &str = \"").unwrap();
    let (client, _) = client.split_once('"').unwrap();
    assert!(
        function.contains(&format!("event.request.headers['{client}'] = {{ value: event.viewer.ip }};")),
        "{function}"
    );
}

/// Of each template, the parameters by name.
fn parameters() -> Vec<(&'static str, String, Value)> {
    let of = |path: &'static str| {
        let parameters = Template::read_file(path).0["Parameters"].as_object().cloned().unwrap_or_default();
        parameters.into_iter().map(move |(name, parameter)| (path, name, parameter))
    };
    TEMPLATES.into_iter().flat_map(of).collect()
}

/// Whether a parameter may have this value. None is what must be given.
fn takes(parameter: &Value, value: &Value) -> bool {
    let Some(pattern) = parameter["AllowedPattern"].as_str() else {
        let values = parameter["AllowedValues"].as_array();
        let bound = |name: &str| parameter[name].as_u64();
        let is_within = || Some(bound("MinValue")? <= value.as_u64()? && value.as_u64()? <= bound("MaxValue")?);
        return values.map_or_else(|| is_within().unwrap_or(false), |values| values.contains(value));
    };
    value.is_null() || jsonschema::is_valid(&json!({ "pattern": pattern }), value)
}

fn strings<const N: usize>(values: [&str; N]) -> Vec<String> {
    values.map(str::to_owned).to_vec()
}
