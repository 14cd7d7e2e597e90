"""template.yaml with nothing changed but where the code and the nested stack lie, which is all that `sam build` changes
in it. Needs the Python that SAM is installed in."""

import json

from samcli.yamlhelper import parse_yaml_file

from tools.shared.local_stack import ROOT


def built_template(built, home):
    """The file of a template whose functions lie built in a folder, each in one of its own: without the copy of all of
    them that `sam build` makes. It is JSON, which SAM reads as well, and faster."""
    template = parse_yaml_file(str(ROOT / "template.yaml"))
    for resource in template["Resources"].values():
        binary = resource.get("Metadata", {}).get("BuildProperties", {}).get("Binary")
        if binary:
            resource["Properties"]["CodeUri"] = str(built / binary)
        if resource["Type"] == "AWS::CloudFormation::Stack":
            resource["Properties"]["TemplateURL"] = str(ROOT / resource["Properties"]["TemplateURL"])
    path = home / "template.json"
    path.write_text(json.dumps(template))
    return path
