//! The table of the model: two seats, a reservation of each of two buyers, and the writes that change them.

/// Ticks that a hold lasts.
pub const HOLD: u8 = 1;
/// Ticks that a process lives at most, and a message behind it.
pub const LATE: u8 = 1;
/// Ticks after a hold's last one in which a payment that began in time, or a message of it, may be under way.
pub const SETTLED_AFTER: u8 = 2 * LATE;
/// The last tick at which a hold may begin: the first buyer's may have lapsed then.
pub const LAST_HOLD: u8 = 2;
/// The last tick of a run: every hold has lapsed, and every message is gone.
pub const LAST_TICK: u8 = LAST_HOLD + HOLD + SETTLED_AFTER + 1;
/// Seats; both are wanted by the first buyer, the first one by the second buyer too.
pub const SEATS: usize = 2;

/// A buyer, and the buyer's reservation.
pub type Buyer = usize;
/// The first one.
pub const BUYER: Buyer = 0;
/// The other one.
pub const RIVAL: Buyer = 1;
/// A request of a buyer; the second one is the same, sent again.
pub type Try = usize;
/// Seats as bits.
pub type Seats = u8;

/// The value of a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    Free,
    /// Held through this tick, by this try.
    Held(Buyer, u8, Try),
    /// Marked: `~<id>`.
    Sold(Buyer),
}

/// The state of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    Held,
    Paid,
    Ended,
    /// Never was one: its number is taken so that no other try of the same request can take it.
    Refused,
}

/// A reservation in its owner's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reservation {
    pub state: State,
    pub until: u8,
    pub version: u8,
    /// Seats that are not given up.
    pub live: Seats,
    /// Seats that are given up and not yet known free.
    pub freeing: Seats,
    /// Whether the sweep comes by.
    pub indexed: bool,
}

/// A write, conditional on what its fields say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Write {
    /// Takes a seat that is free at the tick `now`, or is the buyer's own for less long.
    Hold { seat: usize, buyer: Buyer, until: u8, now: u8, by: Try },
    /// Frees a seat that a try which was refused has taken, or, of no try in particular, any of the buyer with this end.
    GiveBack { seat: usize, buyer: Buyer, until: u8, by: Option<Try> },
    /// Puts the reservation, if its number is not taken.
    Put { buyer: Buyer, until: u8, live: Seats },
    /// Takes its number for a refusal, if it is not taken, and gives up all its seats.
    Refuse { buyer: Buyer, until: u8, give: Seats },
    /// Marks a seat that names the buyer.
    Mark { seat: usize, buyer: Buyer },
    /// Takes a mark back. No rule of the protocol has it.
    Unmark { seat: usize, buyer: Buyer, until: u8 },
    /// Pays what has this version, and takes the money.
    Pay { buyer: Buyer, version: u8 },
    /// Gives seats up of what has this version.
    End { buyer: Buyer, version: u8, give: Seats, noted: bool },
    /// Frees a seat that names the buyer.
    Free { seat: usize, buyer: Buyer },
    /// Takes what has this version off the index.
    Leave { buyer: Buyer, version: u8 },
    /// The rival holds this seat, seat and reservation at once: what is asked is what others make of it.
    RivalHolds { seat: usize, now: u8 },
    /// The rival pays for it.
    RivalPays { seat: usize },
    /// The rival gives it up.
    RivalCancels { seat: usize },
}

/// All that is stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    pub seats: [Value; SEATS],
    pub reservations: [Option<Reservation>; 2],
    /// How often each buyer paid.
    pub debits: [u8; 2],
}

impl Value {
    pub fn names(self, buyer: Buyer) -> bool {
        matches!(self, Self::Held(of, ..) | Self::Sold(of) if of == buyer)
    }

    pub fn is_taken(self, by_another_than: Buyer, now: u8) -> bool {
        match self {
            Self::Free => false,
            Self::Held(of, until, _) => of != by_another_than && until >= now,
            Self::Sold(of) => of != by_another_than,
        }
    }
}

/// The seats of a set.
pub fn each(seats: Seats) -> impl Iterator<Item = usize> {
    (0..SEATS).filter(move |seat| seats >> seat & 1 == 1)
}

impl Table {
    /// Whether the write's condition held.
    pub fn apply(&mut self, write: Write) -> bool {
        match write {
            Write::Hold { seat, buyer, until, now, by } => {
                let may = match self.seats[seat] {
                    Value::Free => true,
                    Value::Held(of, there, _) => there < now || (of == buyer && there <= until),
                    Value::Sold(_) => false,
                };
                self.set(seat, may, Value::Held(buyer, until, by))
            }
            Write::GiveBack { seat, buyer, until, by } => {
                let may = match self.seats[seat] {
                    Value::Held(of, there, tried) => of == buyer && there == until && by.is_none_or(|by| by == tried),
                    Value::Free | Value::Sold(_) => false,
                };
                self.set(seat, may, Value::Free)
            }
            Write::Mark { seat, buyer } => self.set(seat, self.seats[seat].names(buyer), Value::Sold(buyer)),
            Write::Unmark { seat, buyer, until } => {
                self.set(seat, self.seats[seat] == Value::Sold(buyer), Value::Held(buyer, until, 0))
            }
            Write::Free { seat, buyer } => self.set(seat, self.seats[seat].names(buyer), Value::Free),
            Write::Put { buyer, until, live } => {
                let there = &mut self.reservations[buyer];
                let new = Reservation { state: State::Held, until, version: 1, live, freeing: 0, indexed: true };
                there.is_none() && there.replace(new).is_none()
            }
            Write::Refuse { buyer, until, give } => {
                let there = &mut self.reservations[buyer];
                let (state, version) = (State::Refused, 1);
                let new = Reservation { state, until, version, live: 0, freeing: give, indexed: true };
                there.is_none() && there.replace(new).is_none()
            }
            Write::Pay { buyer, version } => {
                let paid = self.update(buyer, version, State::Held, |reservation| {
                    reservation.state = State::Paid;
                    reservation.indexed = reservation.freeing != 0;
                });
                self.debits[buyer] += u8::from(paid);
                paid
            }
            Write::End { buyer, version, give, noted } => self.update(buyer, version, State::Held, |reservation| {
                reservation.live &= !give;
                if noted {
                    reservation.freeing |= give;
                }
                if reservation.live == 0 {
                    reservation.state = State::Ended;
                }
            }),
            Write::RivalHolds { .. } | Write::RivalPays { .. } | Write::RivalCancels { .. } => self.apply_rival(write),
            Write::Leave { buyer, version } => {
                let Some(reservation) = self.reservations[buyer].as_mut() else { return false };
                let may = reservation.version == version && reservation.state != State::Held;
                if may {
                    (reservation.freeing, reservation.indexed) = (0, false);
                    reservation.version += 1;
                }
                may
            }
        }
    }

    /// Several writes at once.
    fn apply_rival(&mut self, write: Write) -> bool {
        match write {
            Write::RivalHolds { seat, now } => {
                let until = now + HOLD;
                self.apply(Write::Hold { seat, buyer: RIVAL, until, now, by: 0 })
                    && self.apply(Write::Put { buyer: RIVAL, until, live: 1 << seat })
            }
            Write::RivalPays { seat } => {
                self.apply(Write::Mark { seat, buyer: RIVAL }) && self.apply(Write::Pay { buyer: RIVAL, version: 1 })
            }
            Write::RivalCancels { seat } => {
                self.apply(Write::End { buyer: RIVAL, version: 1, give: 1 << seat, noted: false })
                    && self.apply(Write::Free { seat, buyer: RIVAL })
            }
            _ => false,
        }
    }

    fn set(&mut self, seat: usize, may: bool, to: Value) -> bool {
        if may {
            self.seats[seat] = to;
        }
        may
    }

    fn update(&mut self, buyer: Buyer, version: u8, state: State, change: impl FnOnce(&mut Reservation)) -> bool {
        let Some(there) = self.reservations[buyer].as_mut() else { return false };
        let may = there.version == version && there.state == state;
        if may {
            change(there);
            there.version += 1;
        }
        may
    }
}
