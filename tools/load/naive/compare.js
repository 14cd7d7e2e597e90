// Drives Onsale and the port beside it with the same client, alternating, and prints what each did a second, the medians
// and their ratios. A flow is a hold and its payment, or one order, of somebody who has done none of that kind before.
//
//   ONSALE=http://127.0.0.1:3000 PORT=http://127.0.0.1:8080 node compare.js
//
// FLOWS         of each kind, in a round, on each of the two; 1000
// ROUNDS        that count, after one that does not; 5
// CONNECTIONS   that are open at once; 32
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";

const setting = (name, otherwise) => Number(process.env[name] || otherwise);
const FLOWS = setting("FLOWS", 1000);
const ROUNDS = setting("ROUNDS", 5) + 1;
const CONNECTIONS = setting("CONNECTIONS", 32);
const PEOPLE = FLOWS * ROUNDS;
const PRICE = 1;
// A section of Onsale has so many seats, in rows of 25.
const ROWS = 100;
const ROW_SEATS = 25;
const SECTION_SEATS = ROWS * ROW_SEATS;
// What a flow sets off, such as the relaying of events, is to end before the other is measured.
const REST_MILLISECONDS = 2000;
// Write units of a hold and its payment by seats, and of an order: what a port should cost that is written like this.
const UNITS_EXPECTED = { 1: 14, 2: 18, 4: 26, order: 10 };

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

const post = (base, path, body, headers = {}, expected = 201) =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const all = { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers };
    const sent = request(base + path, { agent, method: "POST", headers: all }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        const said = Buffer.concat(parts).toString();
        if (answer.statusCode !== expected) reject(new Error(`${path}: ${answer.statusCode} ${said}`));
        else resolve(JSON.parse(said));
      });
    });
    sent.on("error", reject);
    sent.end(text);
  });

// Runs `work` for each number below `count`, as many at once as there are connections; gives the seconds it took.
async function each(count, work) {
  const began = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return (performance.now() - began) / 1000;
}

// Neighbours in time are in different rows, as buyers who choose are.
function seatOf(flow) {
  const [section, seat] = [Math.floor(flow / SECTION_SEATS), flow % SECTION_SEATS];
  return `S${section}-${(seat % ROWS) + 1}-${Math.floor(seat / ROWS) + 1}`;
}

async function onsale(base) {
  const password = process.env.ADMIN_PASSWORD || "onsale-admin-1";
  const admin = await post(base, "/sessions", { email: "admin@onsale.local", password }, {}, 200);
  const as = (token) => ({ authorization: `Bearer ${token}`, "idempotency-key": randomUUID() });
  const create = (path, body) => post(base, path, body, as(admin.access_token));
  const at = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();
  const { concert_id } = await create("/concerts", { name: "Measured", description: "" });
  const times = { starts_at: at(48), sale_opens_at: at(-1), sale_closes_at: at(24) };
  const date = { place: "Hall", max_seats_per_user: 50, ...times };
  const { schedule_id } = await create(`/concerts/${concert_id}/schedules`, date);
  const rows = Array.from({ length: ROWS }, (_, row) => ({ row: `${row + 1}`, from: 1, to: ROW_SEATS }));
  for (let section = 0; section * SECTION_SEATS < PEOPLE; section += 1) {
    await create(`/schedules/${schedule_id}/seats`, { section: `S${section}`, rows, price: PRICE });
  }
  const stock = { stock: PEOPLE * 2, stock_shards: 16 };
  const { product_id } = await create("/products", { name: "Measured", price: PRICE, ...stock });
  const tokens = [];
  await each(PEOPLE, async (person) => {
    const user = { email: `person-${person}@example.com`, password: "lantern-quarry-58" };
    await post(base, "/users", { ...user, name: "Measured" });
    tokens[person] = (await post(base, "/sessions", user, {}, 200)).access_token;
    await post(base, "/wallet", {}, as(tokens[person]));
    await post(base, "/wallet/charges", { amount: 2 * PRICE }, as(tokens[person]));
  });
  return {
    async book(person) {
      const wanted = { schedule_id, seat_ids: [seatOf(person)] };
      const { reservation_id } = await post(base, "/reservations", wanted, as(tokens[person]));
      await post(base, "/payments", { reservation_id }, as(tokens[person]));
    },
    async order(person) {
      await post(base, "/orders", { items: [{ product_id, quantity: 1 }], pay: true }, as(tokens[person]));
    },
  };
}

async function port(base) {
  // Beyond the people: those by whom the units are told.
  const seats = Array.from({ length: PEOPLE + 7 }, (_, flow) => ({ pk: "SHOW#1", sk: `SEAT#${seatOf(flow)}`, state: "free" }));
  const people = Array.from({ length: PEOPLE + 1 }, (_, person) => {
    return { pk: `USER#${person}`, sk: "WALLET", balance: 20 * PRICE };
  });
  const product = { pk: "PRODUCT#1", sk: "PRODUCT", price: PRICE, stock: PEOPLE * 2 };
  await post(base, "/seed", { items: [{ pk: "SHOW#1", sk: "SHOW", price: PRICE }, product, ...seats, ...people] });
  const as = (user) => ({ "x-user": `${user}` });
  const book = async (user, ...flows) => {
    const { id } = await post(base, "/holds", { show: 1, seats: flows.map(seatOf) }, as(user));
    await post(base, "/payments", { reservation: id }, as(user));
  };
  const order = (user) => post(base, "/orders", { product: 1, quantity: 1 }, as(user));
  const [first] = [PEOPLE];
  await book(PEOPLE, first);
  await book(PEOPLE, first + 1, first + 2);
  await book(PEOPLE, first + 3, first + 4, first + 5, first + 6);
  await order(PEOPLE);
  return { book: (person) => book(person, person), order, units: await post(base, "/units", {}) };
}

function tellUnits(units) {
  let as_expected = true;
  const tell = (what, found, expected) => {
    as_expected &&= found === expected;
    console.log(`write units of the port, ${what}: ${found}${found === expected ? "" : ` (expected: ${expected})`}`);
  };
  for (const seats of [1, 2, 4]) {
    const found = units[`hold of ${seats}`] + units[`payment of ${seats}`];
    tell(`a hold of ${seats} and its payment`, found, UNITS_EXPECTED[seats]);
  }
  tell("an order", units.order, UNITS_EXPECTED.order);
  if (!as_expected) process.exitCode = 1;
}

const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
const rest = () => new Promise((resolve) => setTimeout(resolve, REST_MILLISECONDS));

const sides = { onsale: await onsale(process.env.ONSALE), port: await port(process.env.PORT) };
tellUnits(sides.port.units);
for (const [kind, flows] of Object.entries({ book: "bookings", order: "orders" })) {
  const rates = { onsale: [], port: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    // Whoever is second in one round is first in the next.
    const turns = round % 2 === 0 ? ["onsale", "port"] : ["port", "onsale"];
    for (const side of turns) {
      await rest();
      const seconds = await each(FLOWS, (flow) => sides[side][kind](round * FLOWS + flow));
      if (round > 0) rates[side].push(FLOWS / seconds);
    }
  }
  const [ours, theirs] = [median(rates.onsale), median(rates.port)];
  const ratio = median(rates.onsale.map((rate, round) => rate / rates.port[round]));
  const list = (values) => values.map((rate) => rate.toFixed(0)).join(", ");
  console.log(`${flows} a second: onsale ${ours.toFixed(0)} (${list(rates.onsale)}), port ${theirs.toFixed(0)} (${list(rates.port)})`);
  console.log(`${flows}, onsale to port, median of the rounds: ${ratio.toFixed(2)}`);
}
process.exit();
