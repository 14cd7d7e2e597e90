// What the functions of Onsale are compared with: one conditional write, with AWS's own SDK.
import { randomUUID } from "node:crypto";

import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";

const client = new DynamoDBClient({});

export const handler = async () => {
  const item = { pk: { S: randomUUID() } };
  const condition = "attribute_not_exists(pk)";
  const write = { TableName: process.env.TABLE_NAME, Item: item, ConditionExpression: condition };
  await client.send(new PutItemCommand(write));
  return { statusCode: 201 };
};
