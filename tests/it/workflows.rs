//! What `.github/workflows` promise about what is deployed.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use crate::template::{Template, assert_same, list, root, text};

#[test]
fn only_a_commit_whose_push_passed_the_check_is_deployed() {
    let check = Template::read_file(".github/workflows/check.yml").0;
    let gate = commands(&job("build"))[0].clone();

    assert!(gate.contains("--workflow check.yml --event push --commit \"$GITHUB_SHA\" --status success"), "{gate}");
    assert_eq!(check["on"]["push"]["branches"], json!(["main"]));
    assert_eq!(check["jobs"]["test"]["if"], "github.event_name != 'schedule'", "so a push is tested");
    assert!(commands(&check["jobs"]["test"]).contains(&"./test".to_owned()));
}

#[test]
fn what_is_built_is_run_before_it_is_handed_on() {
    let build = job("build");
    let commands = commands(&build);
    let place = |command: &str| commands.iter().position(|known| known.starts_with(command)).expect(command);

    assert_eq!(build["runs-on"], "ubuntu-24.04-arm", "as the functions");
    assert!(place("./test built") < place("tar --create"), "{commands:#?}");
    assert_eq!(job("deploy")["needs"], "build");
}

#[test]
fn nothing_but_the_deployment_gets_a_token_of_aws() {
    let deploy = job("deploy");
    assert_eq!(job("build")["permissions"], json!({ "actions": "read", "contents": "read" }));
    assert_eq!(deploy["permissions"], json!({ "id-token": "write" }));

    let ours = ["tar --extract", "pipx install \"$(grep '^aws-sam-cli==' ", "# shellcheck"];
    let commands = commands(&deploy);
    assert_eq!(commands.len(), ours.len());
    assert!(commands.iter().zip(ours).all(|(command, begin)| command.starts_with(begin)), "{commands:#?}");
    assert!(commands[2].contains("${PARAMETERS:+--parameter-overrides $PARAMETERS}"), "without any, none is named");
}

#[test]
fn who_deploys_may_make_what_the_template_has() {
    let policy = fs::read_to_string(root().join("docs/deploy-policy.json")).unwrap();
    let policy: Value = serde_json::from_str(&policy).expect("a policy is JSON");
    let actions = policy["Statement"].as_array().into_iter().flatten().flat_map(|statement| list(&statement["Action"]));
    let may: BTreeSet<_> = actions.filter_map(|action| Some(text(&action).strip_suffix(":*")?.to_owned())).collect();
    let template = Template::read();
    let kinds = template.0["Resources"].as_object().unwrap().values().map(|resource| text(&resource["Type"]));
    // Functions of SAM are also what makes them run.
    let needed = kinds.flat_map(|kind| match kind.split("::").nth(1).unwrap() {
        "Serverless" => ["apigateway", "cloudformation", "lambda", "s3", "scheduler"].map(str::to_owned).to_vec(),
        "ApiGatewayV2" => vec!["apigateway".to_owned()],
        service => vec![service.to_lowercase()],
    });

    assert_same(("the policy", may.into_iter()), ("the template", needed));
}

fn job(name: &str) -> Value {
    Template::read_file(".github/workflows/deploy.yml").0["jobs"][name].clone()
}

/// What a job runs itself.
fn commands(job: &Value) -> Vec<String> {
    let steps = job["steps"].as_array().into_iter().flatten();
    steps.map(|step| &step["run"]).filter(|run| !run.is_null()).map(text).collect()
}
