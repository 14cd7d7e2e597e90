// buy_ticket.ts API: buys a ticket behind a waiting queue through the client that openapi-generator generates, and reads
// the error responses on the way. The client is in the folder `client` beside this file.
import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as onsale from "./client";

const api = process.argv[2];
// An administrator needs no queue token.
const administratorLogIn = { email: "admin@onsale.local", password: "onsale-admin-1" };
// The queue of the demo data, and the date behind it.
const queueId = "encore";
const scheduleId = "fe9f238d-5bfc-8711-8fe7-020a22b4c6aa";

function configuration(accessToken?: string): onsale.Configuration {
    return new onsale.Configuration({ basePath: api, accessToken });
}

async function loggedIn(credentials: onsale.LogInIn): Promise<onsale.Configuration> {
    const session = await new onsale.AccountsApi(configuration()).logIn({ logInIn: credentials });
    return configuration(session.accessToken);
}

/** Signs up, logs in and tops up a wallet. */
async function newBuyer(): Promise<onsale.Configuration> {
    const credentials = { email: `${randomUUID()}@example.com`, password: "turquoise-lantern-41" };
    await new onsale.AccountsApi(configuration()).signUp({ signUpIn: { ...credentials, name: "TypeScript" } });
    const buyer = await loggedIn(credentials);
    const wallet = new onsale.WalletApi(buyer);
    await wallet.createWallet();
    await wallet.topUp({ topUpIn: { amount: 500_000 }, idempotencyKey: randomUUID() });
    return buyer;
}

/** Joins the queue and waits to be admitted. */
async function queueToken(buyer: onsale.Configuration): Promise<string> {
    const queue = new onsale.QueueApi(buyer);
    let entry = await queue.joinQueue({ queueId });
    let token = entry.token ?? "";
    while (entry.state !== "admitted") {
        await sleep(entry.retryAfterMs ?? 1_000);
        entry = await queue.getQueueEntry({ queueId, queueToken: token });
        token = entry.token ?? token;
    }
    return token;
}

/** The body of the error response that a call must get. */
async function refusal(call: Promise<unknown>, status: number): Promise<onsale.RefusalOut> {
    try {
        await call;
    } catch (error) {
        assert(error instanceof onsale.ResponseError, String(error));
        assert.equal(error.response.status, status);
        return onsale.RefusalOutFromJSON(await error.response.json());
    }
    throw new Error(`a ${status} was expected`);
}

async function expectProblem(call: Promise<unknown>, status: number, code: onsale.ProblemOutCodeEnum) {
    const problem = await refusal(call, status);
    assert(onsale.instanceOfProblemOut(problem));
    assert.equal(problem.code, code);
    return problem;
}

async function main(): Promise<void> {
    const buyer = await newBuyer();
    const administrator = await loggedIn(administratorLogIn);
    const seats = new onsale.SeatsApi(buyer);
    await expectProblem(seats.listSeats({ scheduleId }), 401, "queue-token-required");
    const token = await queueToken(buyer);
    const listed = await seats.listSeats({ scheduleId, available: true, queueToken: token });
    // The last one: the list may be a second old, and the first may have just been sold.
    const seat = listed.items[listed.items.length - 1].seatId;

    const wanted = { scheduleId, seatIds: [seat] };
    const reservations = new onsale.ReservationsApi(buyer);
    const hold = { createReservationIn: wanted, queueToken: token, idempotencyKey: randomUUID() };
    const held = await reservations.createReservation(hold);
    const again = await reservations.createReservationRaw(hold);
    assert.equal((await again.value()).reservationId, held.reservationId);
    assert.equal(again.raw.headers.get("idempotent-replayed"), "true");
    assert(held.expiresAt > held.createdAt);

    const others = new onsale.ReservationsApi(administrator);
    const other = { createReservationIn: wanted, idempotencyKey: randomUUID() };
    const taken = await expectProblem(others.createReservation(other), 409, "seat-taken");
    assert.deepEqual(taken.seats, [seat]);
    const poster = { createProductIn: { name: "Poster", price: 1, stock: 1 } };
    await expectProblem(new onsale.ProductsApi(buyer).createProduct(poster), 403, "forbidden");
    const stranger = new onsale.ReservationsApi(configuration("not.a.token"));
    const refused = await refusal(stranger.getReservation({ reservationId: held.reservationId }), 403);
    assert(onsale.instanceOfGatewayOut(refused) && !onsale.instanceOfProblemOut(refused));

    const payIn = { reservationId: held.reservationId };
    const paid = await new onsale.PaymentsApi(buyer).pay({ payIn, queueToken: token, idempotencyKey: randomUUID() });
    assert.equal(paid.state, "completed");
    console.log(`openapi-generator, typescript-fetch: ${seat} is paid`);
}

main().catch((error) => {
    console.error(error);
    process.exitCode = 1;
});
