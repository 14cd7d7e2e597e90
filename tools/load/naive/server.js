// What Onsale is compared with: holds, payments and orders on DynamoDB as a good engineer writes them on the first day.
// A seat is an item, a wallet is an item with its balance, and every step is one transaction. It knows neither tokens,
// idempotency keys, limits, queues nor events. `x-user` names who calls.
//
//   DYNAMODB=http://127.0.0.1:8000 node server.js
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { BatchWriteCommand, DynamoDBDocumentClient, GetCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";

const TableName = "Naive";
const HOLD_SECONDS = 300;
// The most of one BatchWriteItem.
const BATCH_ITEMS = 25;

const client = new DynamoDBClient({
  endpoint: process.env.DYNAMODB,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});
const table = DynamoDBDocumentClient.from(client);
// Write units of the last call of each route, and how many seats it was for.
const units = {};

class Refused extends Error {
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

const now = () => Math.floor(Date.now() / 1000);
const seatKey = (show, seat) => ({ pk: `SHOW#${show}`, sk: `SEAT#${seat}` });
const userKey = (user, sk) => ({ pk: `USER#${user}`, sk });
// What a user's lists are made of is on the index `by_user`, newest first.
const listed = (user) => ({ owner: user, created_at: Date.now() });

async function read(Key, what) {
  const { Item } = await table.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
  if (!Item) throw new Refused(404, `no ${what}`);
  return Item;
}

// One transaction; `outcomes` says what a failed condition of each of its items means.
async function transact(route, writes, outcomes) {
  const TransactItems = writes.map((write) => {
    const [[kind, fields]] = Object.entries(write);
    return { [kind]: { TableName, ...fields } };
  });
  try {
    const answer = await table.send(new TransactWriteCommand({ TransactItems, ReturnConsumedCapacity: "TOTAL" }));
    units[route] = answer.ConsumedCapacity[0].CapacityUnits;
  } catch (problem) {
    const failed = problem.CancellationReasons?.findIndex((reason) => reason.Code === "ConditionalCheckFailed") ?? -1;
    throw failed < 0 ? problem : new Refused(409, outcomes[failed]);
  }
}

const entry = (user, amount, reference) => ({
  Put: { Item: { ...userKey(user, `ENTRY#${randomUUID()}`), ...listed(user), amount, reference } },
});

const debit = (user, amount) => ({
  Update: {
    Key: userKey(user, "WALLET"),
    UpdateExpression: "SET balance = balance - :amount",
    ConditionExpression: "balance >= :amount",
    ExpressionAttributeValues: { ":amount": amount },
  },
});

async function hold(user, { show, seats }) {
  const { price } = await read({ pk: `SHOW#${show}`, sk: "SHOW" }, "such show");
  const id = randomUUID();
  const until = now() + HOLD_SECONDS;
  const take = (seat) => ({
    Update: {
      Key: seatKey(show, seat),
      UpdateExpression: "SET #state = :held, held_by = :id, held_until = :until",
      ConditionExpression: "#state = :free OR (#state = :held AND held_until < :now)",
      ExpressionAttributeNames: { "#state": "state" },
      ExpressionAttributeValues: { ":held": "held", ":free": "free", ":id": id, ":until": until, ":now": now() },
    },
  });
  const reservation = { show, seats, until, total: price * seats.length, state: "held" };
  const put = { Put: { Item: { ...userKey(user, `RESERVATION#${id}`), ...listed(user), ...reservation } } };
  await transact(`hold of ${seats.length}`, [...seats.map(take), put], seats.map((seat) => `${seat} is taken`));
  return { id, ...reservation };
}

async function pay(user, { reservation: id }) {
  const key = userKey(user, `RESERVATION#${id}`);
  const { show, seats, total } = await read(key, "such reservation");
  const to = (Key, state, condition, values) => ({
    Update: {
      Key,
      UpdateExpression: "SET #state = :to",
      ConditionExpression: `#state = :held AND ${condition}`,
      ExpressionAttributeNames: { "#state": "state" },
      ExpressionAttributeValues: { ":held": "held", ":to": state, ...values },
    },
  });
  const sell = (seat) => to(seatKey(show, seat), "sold", "held_by = :id", { ":id": id });
  const paid = to(key, "paid", "#until > :now", { ":now": now() });
  paid.Update.ExpressionAttributeNames["#until"] = "until";
  const writes = [...seats.map(sell), paid, debit(user, total), entry(user, -total, id)];
  const outcomes = [...seats.map((seat) => `${seat} is somebody else's`), "over, or paid", "too little money"];
  await transact(`payment of ${seats.length}`, writes, outcomes);
  return { id, state: "paid" };
}

async function order(user, { product, quantity }) {
  const key = { pk: `PRODUCT#${product}`, sk: "PRODUCT" };
  const { price } = await read(key, "such product");
  const id = randomUUID();
  const total = price * quantity;
  const take = {
    Update: {
      Key: key,
      UpdateExpression: "SET stock = stock - :units",
      ConditionExpression: "stock >= :units",
      ExpressionAttributeValues: { ":units": quantity },
    },
  };
  const put = { Put: { Item: { ...userKey(user, `ORDER#${id}`), ...listed(user), product, quantity, total } } };
  await transact("order", [take, debit(user, total), put, entry(user, -total, id)], ["sold out", "too little money"]);
  return { id, total };
}

// Puts items as they are: shows, seats, products and wallets.
async function seed(_user, { items }) {
  for (let first = 0; first < items.length; first += BATCH_ITEMS) {
    const puts = items.slice(first, first + BATCH_ITEMS).map((Item) => ({ PutRequest: { Item } }));
    await table.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
  }
  return { items: items.length };
}

const routes = { "/holds": hold, "/payments": pay, "/orders": order, "/seed": seed, "/units": async () => units };

async function answer(request, response) {
  let status = 201;
  let body;
  try {
    const route = routes[request.url];
    if (!route || request.method !== "POST") throw new Refused(404, "no such route");
    let text = "";
    for await (const part of request) text += part;
    body = await route(request.headers["x-user"], JSON.parse(text));
  } catch (problem) {
    if (!(problem instanceof Refused)) console.error(problem);
    status = problem.status ?? 500;
    body = { error: problem instanceof Refused ? problem.message : "internal error" };
  }
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const keys = (...names) => names.map((AttributeName, place) => ({ AttributeName, KeyType: ["HASH", "RANGE"][place] }));
const types = { pk: "S", sk: "S", owner: "S", created_at: "N" };
await client.send(
  new CreateTableCommand({
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: Object.entries(types).map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: keys("pk", "sk"),
    GlobalSecondaryIndexes: [
      { IndexName: "by_user", KeySchema: keys("owner", "created_at"), Projection: { ProjectionType: "KEYS_ONLY" } },
    ],
  }),
);
const server = createServer(answer).listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` }));
});
