/** Types that modules share. Browsers never load this file. */

/** The place of a screen, the parts of its path, and its life: `signal` aborts when the visitor leaves it. */
export interface Stage {
  main: HTMLElement;
  params: string[];
  signal: AbortSignal;
}

/** The default export of a module that is a screen. */
export type Screen = (stage: Stage) => Promise<void>;

/** How to ask the API. */
export interface Ask {
  method?: string;
  /** Sent as JSON. */
  body?: object;
  /** Sends the access token, and refreshes it once if it is refused. */
  auth?: boolean;
  /** Asks only for what has changed since. */
  etag?: string | null;
  queueToken?: string | null;
  /** The idempotency key. */
  key?: string;
  /** Lets the session's cookie travel. */
  cookie?: boolean;
  /** The media type of an answer that is no JSON; its body is the text. */
  accept?: string;
  signal?: AbortSignal;
}

/** A success of the API. Its body is undefined if there is none, as of 204 and 304. */
export interface Answer {
  body: any;
  etag: string | null;
  status: number;
}

/** The account of the person who is logged in. */
export interface User {
  email: string;
  name: string;
  roles: { role: "admin" | "organiser" | "steward" }[];
  address_proven?: boolean;
}

/** A log-in that has not ended. */
export interface LogIn {
  session_id: string;
  current: boolean;
  began_at: string;
  refreshed_at: string;
  source: string;
  /** What the program calls itself; it may be empty or made up. */
  agent: string;
}

/** A place in a queue, as the API has it. */
export interface Entry {
  queue_id: string;
  queue_state: "open" | "paused" | "sold_out" | "over";
  state: "waiting" | "admitted" | "used" | "expired" | "left";
  number: number;
  position: number;
  ahead: number;
  message?: string;
  retry_after_ms?: number;
  expires_at?: string;
  token?: string;
  /** The people ahead when it was first seen, and its owner. Only this page keeps it; the bar counts from it. */
  first?: number;
}

/** What a poller tells: an answer; a refusal, after which polling ends; or a failure, after which it goes on. */
export type Report = { kind: "entry"; entry: Entry } | { kind: "refused"; code: string } | { kind: "trouble" };

/** What a page tells the worker of its poller: to begin; to poll if it is time; or that the network is lost. */
export type Order = { kind: "start"; queueId: string; token: string } | { kind: "wake" } | { kind: "lose" };

/** All that a poller needs from outside. */
export interface World {
  fetch(path: string, init: RequestInit): Promise<Response>;
  now(): number;
  /** From 0 to below 1. */
  random(): number;
  setTimeout(action: () => void, ms: number): unknown;
  clearTimeout(timer: any): void;
  report(report: Report): void;
}

/** A date of a concert, as the API has it. */
export interface Schedule {
  schedule_id: string;
  place: string;
  starts_at: string;
  sale_opens_at: string;
  sale_closes_at: string;
  max_seats_per_user: number;
  state: "not_open" | "on_sale" | "sold_out" | "over";
  sections: (Section & { seats: number })[];
}

export interface Concert {
  concert_id: string;
  name: string;
  queue_id?: string;
  schedules: Schedule[];
}

/** A section of a hall; its rows are known once it was asked for. */
export interface Section {
  section: string;
  price: number;
  available: number;
  held: number;
  sold: number;
  rows?: Row[];
}

/** A row from seat `from` (1) on: one letter a seat, `a`vailable, `h`eld, `s`old, or `-` where there is none. */
export interface Row {
  row: string;
  from?: number;
  states: string;
}

/** A group of seats that one buyer holds or has bought. */
export interface Reservation {
  reservation_id: string;
  state: string;
  concert_id: string;
  schedule_id: string;
  place: string;
  starts_at: string;
  expires_at: string;
  total: number;
  tickets: Ticket[];
  payment_id?: string;
}

export interface Ticket {
  ticket_id: string;
  seat_id: string;
  price: number;
  state: string;
}

/** Something to be paid by card on the screen at `path`. */
export interface CardPurchase {
  path: string;
  /** The body that begins the payment. */
  wish: object;
  queueToken?: string | null;
  signal: AbortSignal;
  /** Disabled while the card is being charged. */
  controls: HTMLFieldSetElement;
  onPaid: () => Promise<void> | void;
}

/** A card payment that was begun in this tab; `id` is known once the server has begun it. */
export interface BegunCard {
  key: string;
  wish: object;
  id?: string;
}
