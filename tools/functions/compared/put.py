"""What the functions of Onsale are compared with: one conditional write, with AWS's own SDK."""
import os
import uuid

import boto3

client = boto3.client("dynamodb")


def handler(_event, _context):
    item = {"pk": {"S": str(uuid.uuid4())}}
    client.put_item(TableName=os.environ["TABLE_NAME"], Item=item, ConditionExpression="attribute_not_exists(pk)")
    return {"statusCode": 201}
