"""ministack, with a place for the two things of template.yaml that it does not know. Run by the Python that it is
installed in. Both are only kept, and said aloud: nothing rotates the secret by itself, and no alarm of more than one
metric ever begins."""

from ministack.app import main
from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

HANDLERS = provisioners._RESOURCE_HANDLERS
ROTATION = "AWS::SecretsManager::RotationSchedule"
ALARM = "AWS::CloudWatch::Alarm"


def keep_rotation(logical_id, properties, stack):
    """What Secrets Manager shows of a secret that is rotated."""
    _, secret = secretsmanager._resolve(properties["SecretId"])
    secret.update(
        RotationEnabled=True,
        RotationLambdaARN=properties["RotationLambdaARN"],
        RotationRules=properties["RotationRules"],
    )
    print(f"KEPT ONLY {ROTATION} {logical_id}", flush=True)
    return secret["ARN"], {}


if ROTATION in HANDLERS:
    raise SystemExit(f"ministack knows {ROTATION} by now: take it out of tools/deployment/ministack_server.py")
HANDLERS[ROTATION] = {"create": keep_rotation, "delete": lambda physical_id, properties: None}

create_alarm = HANDLERS[ALARM]["create"]


def keep_alarm(logical_id, properties, stack):
    """ministack's own alarm, but for one of several metrics."""
    if "Metrics" not in properties:
        return create_alarm(logical_id, properties, stack)
    print(f"KEPT ONLY {ALARM} {logical_id}, which is of several metrics", flush=True)
    return f"{stack}-{logical_id}", {"Arn": f"arn:aws:cloudwatch:::alarm:{stack}-{logical_id}"}


HANDLERS[ALARM]["create"] = keep_alarm
main()
