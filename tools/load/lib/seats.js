// Seats: a hall that is on sale, and the whole flow from the hold to the payment.

import { sleep } from 'k6';
import { call, expected, needed, persist, refusal } from './api.js';

export const SEAT_PRICE = 50000;
// Most seats that one user may have on one date.
export const SEATS_PER_USER = 50;
const SECTION_SEATS = 500;
const ROW_SEATS = 25;
// Numbers of a hall are that old at most, and as old again where a process remembers them.
const COUNTED_SECONDS = 2.1;
const ROWS = SECTION_SEATS / ROW_SEATS;

// A date of a new concert with at least so many seats, on sale now: `{ schedule, sections }`.
export function hall(run, seats, admin, queue) {
  const about = { name: `Load ${run}`, description: 'Made by a load test.' };
  if (queue) about.queue_id = queue;
  const concert = needed('concert', call('POST', '/concerts', about, admin), '201').concert_id;
  const inDays = (days) => new Date(Date.now() + days * 86400000).toISOString();
  const date = { place: 'Load hall', starts_at: inDays(30), sale_opens_at: inDays(-1), sale_closes_at: inDays(29) };
  date.max_seats_per_user = SEATS_PER_USER;
  const schedule = needed('date', call('POST', `/concerts/${concert}/schedules`, date, admin), '201').schedule_id;
  const sections = [];
  for (let made = 0; made < seats; made += SECTION_SEATS) {
    const section = `S${sections.length + 1}`;
    const rows = Array.from({ length: ROWS }, (_, row) => ({ row: `${row + 1}`, from: 1, to: ROW_SEATS }));
    const wanted = { section, rows, price: SEAT_PRICE };
    needed('seats', call('POST', `/schedules/${schedule}/seats`, wanted, admin), '201');
    sections.push(section);
  }
  return { schedule, sections };
}

// The id of one seat. Neighbours in time are in different rows, as people who choose are.
export function seatOf(sections, index) {
  const place = index % SECTION_SEATS;
  const section = sections[Math.floor(index / SECTION_SEATS) % sections.length];
  return `${section}-${(place % ROWS) + 1}-${Math.floor(place / ROWS) + 1}`;
}

// Holds one seat: the reservation's id, or nothing if somebody else has it.
export function hold(schedule, seat, tokens) {
  const answer = persist('POST', '/reservations', { schedule_id: schedule, seat_ids: [seat] }, tokens);
  if (!expected('hold', answer, '201', '409 seat-taken')) return undefined;
  if (answer.status === 201) return answer.body.reservation_id;
  refusal('seat-taken');
  return undefined;
}

// Pays a reservation; whether it is paid.
export function pay(reservation, tokens) {
  const answer = persist('POST', '/payments', { reservation_id: reservation }, tokens);
  // Paid before only if the answer of an earlier try was lost.
  return expected('pay', answer, '201', ...(answer.repeated ? ['200'] : []));
}

// Gives a paid reservation back whole; whether it is.
export function giveBack(reservation, tokens) {
  return expected('give back', persist('POST', `/payments/rsv-${reservation}/cancel`, undefined, tokens), '200');
}

// How many seats of a date are sold. The numbers are counted once a second for all who look.
export function sold(schedule) {
  sleep(COUNTED_SECONDS);
  const answer = needed('seats', call('GET', `/schedules/${schedule}/seats`), '200');
  return answer.sections.reduce((sum, section) => sum + section.sold, 0);
}
