"""Checks each resource of template.yaml, as SAM deploys it, and of edge.yaml against template.guard.

One by one, because cfn-guard's binding for Python cuts long reports.
"""

import json
import os
import pathlib
import sys

# Not `run_checks`, which fails on some reports.
from cfn_guard_rs.cfn_guard_rs import run_checks_rs
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

os.chdir(pathlib.Path(__file__).parent.parent)


class NoManagedPolicies:
    """What SAM asks for the names of AWS's policies, of which the template names none."""

    def load(self):
        return {}


def deployed(path):
    """The resources of a template, with what SAM makes of its own kinds."""
    template = yaml_parse(pathlib.Path(path).read_text())
    if "Transform" in template:
        # `sam build` puts the place of the code here.
        template["Globals"]["Function"]["CodeUri"] = {"Bucket": "bucket", "Key": "key"}
        template = transform(template, {}, NoManagedPolicies())
    return json.loads(json.dumps(template["Resources"]))


def broken(rules, name, resource):
    """The rules that a resource breaks."""
    report = run_checks_rs(json.dumps({"Resources": {name: resource}}), rules, False)
    try:
        return [clause["Rule"]["name"] for clause in json.loads(report)["not_compliant"]]
    except json.JSONDecodeError:
        return ["a rule, with a report that is cut: " + report]


def main():
    rules = pathlib.Path("template.guard").read_text()
    faults = []
    for path in ["template.yaml", "edge.yaml"]:
        resources = deployed(path)
        print(f"{path}: {len(resources)} resources")
        for name, resource in resources.items():
            faults += [f"{path}: {name} breaks {rule}" for rule in broken(rules, name, resource)]
    sys.exit("\n".join(faults) or 0)


main()
