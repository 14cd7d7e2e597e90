//! The requests and the sweep of the model: what each does next, and what it makes of an answer.

use crate::table::{Buyer, HOLD, LAST_HOLD, LATE, Reservation, SETTLED_AFTER, Seats, State, Table, Try, Write, each};

/// The rules of the protocol that can be left out, to see that the model notices.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// A payment that is refused leaves its marks.
    pub no_undo: bool,
    /// On what condition a try that was refused gives back what it wrote.
    pub give_back: GiveBack,
    /// Seats that are given up are noted with their giving up.
    pub noted: bool,
    /// Nothing leaves the index before every message is gone.
    pub late_leave: bool,
    /// A payment is refused behind an end of the reservation, and who was not answered does not refuse.
    pub fence: bool,
}

/// On what condition a seat is given back, beside that it is the buyer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveBack {
    /// No other.
    Owner,
    /// It ends when the hold of the try does.
    End,
    /// It was written by the try.
    Try,
    /// The number of the reservation was taken for the refusal before.
    Fence,
}

impl Rules {
    /// All of them.
    pub const ALL: Self =
        Self { no_undo: true, give_back: GiveBack::Fence, noted: true, late_leave: true, fence: true };
}

/// What a client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    Yes,
    No,
    /// 503: to be asked again.
    Unknown,
    /// Nothing: the process died.
    Nothing,
}

/// What a process is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Holds these seats.
    Hold(Seats),
    Pay,
    /// Gives these seats up, of what is not paid.
    Cancel(Seats),
    /// Looks at what is on the index, again and again.
    Sweep,
    /// Wants this seat, takes it as soon as it can be had, and pays for it.
    Rival(usize),
    /// The same, and gives it up.
    Quitter(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Start,
    /// Writes to each seat that is left to do, and then to the log.
    Seats,
    /// Has been refused a seat.
    Refused,
    /// Gives back what it wrote.
    GivingBack,
    /// Takes the number of the reservation for its refusal.
    Refusing,
    /// Gives up the seats that are left to do.
    Ending,
    /// Frees the seats that are left to do.
    Freeing,
    /// Takes it off the index.
    Leaving,
    Undoing,
    Done(Told),
}

/// A process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    pub task: Task,
    pub buyer: Buyer,
    /// Its number among the processes.
    by: Try,
    at: At,
    /// Seats that are left to do, and those that were written.
    left: Seats,
    wrote: Seats,
    until: u8,
    version: u8,
    /// Whether a write of it was not answered.
    unanswered: bool,
    /// When it began, while it is under way.
    began: Option<u8>,
}

/// What a process does next.
pub enum Step {
    /// Reads, and is this then.
    Read(Process),
    Send(Write),
    /// Nothing, until something changes.
    Wait,
}

impl Process {
    pub fn new(task: Task, buyer: Buyer, by: Try) -> Self {
        Self { task, buyer, by, at: At::Start, left: 0, wrote: 0, until: 0, version: 0, unanswered: false, began: None }
    }

    pub fn told(self) -> Option<Told> {
        if let At::Done(told) = self.at { Some(told) } else { None }
    }

    /// The same, which has begun by now if it is under way.
    pub fn begun(self, now: u8) -> Self {
        let is_under_way = self.at != At::Start && self.told().is_none();
        Self { began: self.began.or(is_under_way.then_some(now)), ..self }
    }

    /// What it is when a tick begins: a function has so much time and no more.
    pub fn at_tick(self, now: u8) -> Self {
        let is_over = self.began.is_some_and(|began| began + LATE < now);
        match self.task {
            _ if !is_over => self,
            Task::Sweep => Self::new(self.task, self.buyer, self.by),
            _ => self.done(Told::Unknown),
        }
    }

    fn at(self, at: At) -> Self {
        Self { at, ..self }
    }

    fn done(self, told: Told) -> Self {
        Self { left: 0, wrote: 0, until: 0, version: 0, unanswered: false, began: None, ..self.at(At::Done(told)) }
    }

    /// Dies. A sweep comes again.
    pub fn killed(self) -> Self {
        if self.task == Task::Sweep { Self::new(self.task, self.buyer, self.by) } else { self.done(Told::Nothing) }
    }

    /// A write of it was not answered: it is sent again.
    pub fn without_an_answer(self) -> Self {
        Self { unanswered: true, ..self }
    }

    fn refusal(self, rules: Rules) -> Self {
        self.done(if self.unanswered && rules.fence { Told::Unknown } else { Told::No })
    }

    fn first_left(self) -> Option<usize> {
        each(self.left).next()
    }

    /// What it does next.
    pub fn next(self, table: &Table, now: u8, rules: Rules) -> Step {
        let buyer = self.buyer;
        let reservation = table.reservations[buyer];
        match self.at {
            At::Done(_) => Step::Wait,
            _ if let Task::Rival(seat) | Task::Quitter(seat) = self.task => self.rival(table, seat, now),
            At::Start => self.start(table, reservation, now, rules),
            At::Refused => match (self.task, reservation) {
                // What was done meanwhile, by another try or by a payment, is found by looking again.
                (Task::Hold(_), Some(_)) => Step::Read(self.at(At::Start)),
                (Task::Pay, Some(there)) if there.version != self.version => Step::Read(self.at(At::Start)),
                (Task::Pay, Some(there)) if rules.fence => Step::Read(Self { left: there.live, ..self.at(At::Ending) }),
                (Task::Hold(_), None) if self.wrote == 0 => Step::Read(self.refusal(rules)),
                (Task::Hold(_), None) if rules.give_back == GiveBack::Fence => Step::Read(self.at(At::Refusing)),
                (Task::Hold(_), None) => Step::Read(Self { left: self.wrote, ..self.at(At::GivingBack) }),
                _ => Step::Read(self.refusal(rules)),
            },
            At::GivingBack => match (self.first_left(), rules.give_back) {
                (None, _) => Step::Read(self.refusal(rules)),
                (Some(seat), GiveBack::Owner) => Step::Send(Write::Free { seat, buyer }),
                (Some(seat), condition) => {
                    let by = (condition == GiveBack::Try).then_some(self.by);
                    Step::Send(Write::GiveBack { seat, buyer, until: self.until, by })
                }
            },
            At::Seats => Step::Send(match (self.task, self.first_left()) {
                (Task::Hold(_), Some(seat)) => {
                    Write::Hold { seat, buyer, until: self.until, now: self.until - HOLD, by: self.by }
                }
                (_, Some(seat)) => Write::Mark { seat, buyer },
                (Task::Hold(live), None) => Write::Put { buyer, until: self.until, live },
                (_, None) => Write::Pay { buyer, version: self.version },
            }),
            At::Refusing => {
                let Task::Hold(give) = self.task else { return Step::Wait };
                Step::Send(Write::Refuse { buyer, until: self.until, give })
            }
            At::Undoing => match self.first_left() {
                None => Step::Read(self.refusal(rules)),
                Some(seat) => Step::Send(Write::Unmark { seat, buyer, until: self.until }),
            },
            At::Ending => Step::Send(Write::End { buyer, version: self.version, give: self.left, noted: rules.noted }),
            At::Freeing => match self.first_left() {
                Some(seat) => Step::Send(Write::Free { seat, buyer }),
                None if matches!(self.task, Task::Pay | Task::Hold(_)) => Step::Read(self.done(Told::No)),
                None if self.task != Task::Sweep => Step::Read(self.done(Told::Yes)),
                None if self.until + SETTLED_AFTER < now || !rules.late_leave => Step::Read(self.at(At::Leaving)),
                None => Step::Read(Self::new(self.task, buyer, self.by)),
            },
            At::Leaving => Step::Send(Write::Leave { buyer, version: self.version }),
        }
    }

    fn rival(self, table: &Table, seat: usize, now: u8) -> Step {
        match table.reservations[self.buyer] {
            None if now > LAST_HOLD || table.seats[seat].is_taken(self.buyer, now) => Step::Wait,
            None => Step::Send(Write::RivalHolds { seat, now }),
            Some(there) if there.state == State::Held && matches!(self.task, Task::Quitter(_)) => {
                Step::Send(Write::RivalCancels { seat })
            }
            Some(there) if there.state == State::Held && there.until >= now => Step::Send(Write::RivalPays { seat }),
            Some(_) => Step::Wait,
        }
    }

    fn start(self, table: &Table, reservation: Option<Reservation>, now: u8, rules: Rules) -> Step {
        let of = |there: Reservation| Self { until: there.until, version: there.version, ..self };
        match (self.task, reservation) {
            (Task::Hold(_), Some(there)) => {
                Step::Read(self.done(if there.state == State::Refused { Told::No } else { Told::Yes }))
            }
            (Task::Hold(_), None) if now > LAST_HOLD => Step::Read(self.done(Told::Nothing)),
            (Task::Hold(seats), None) => {
                // The look.
                if each(seats).any(|seat| table.seats[seat].is_taken(self.buyer, now)) {
                    return Step::Read(if self.wrote == 0 { self.done(Told::No) } else { self.at(At::Refused) });
                }
                Step::Read(Self { until: now + HOLD, left: seats, ..self.at(At::Seats) })
            }
            (Task::Sweep, Some(there)) if there.indexed => {
                let is_over = there.until < now;
                let stale = each(there.freeing).any(|seat| table.seats[seat].names(self.buyer));
                if there.state == State::Held && is_over {
                    return Step::Read(Self { left: there.live, ..of(there).at(At::Ending) });
                }
                if stale || (there.state != State::Held && there.until + SETTLED_AFTER < now) {
                    return Step::Read(Self { left: there.freeing, ..of(there).at(At::Freeing) });
                }
                Step::Wait
            }
            (Task::Sweep | Task::Rival(_) | Task::Quitter(_), _) => Step::Wait,
            (Task::Pay, Some(Reservation { state: State::Paid, .. })) => Step::Read(self.done(Told::Yes)),
            (Task::Pay, Some(there)) if there.state == State::Held && there.until >= now => {
                Step::Read(Self { left: there.live, ..of(there).at(At::Seats) })
            }
            // Nobody can pay any more behind an end, so that what is told now stays true.
            (Task::Pay, Some(there)) if there.state == State::Held && rules.fence => {
                Step::Read(Self { left: there.live, ..of(there).at(At::Ending) })
            }
            (Task::Cancel(seats), Some(there)) if there.state == State::Held && seats & there.live != 0 => {
                Step::Read(Self { left: seats & there.live, ..of(there).at(At::Ending) })
            }
            (Task::Pay | Task::Cancel(_), _) => Step::Read(self.done(Told::No)),
        }
    }

    /// What it is after the answer to a write; `table` is as the write left it.
    pub fn after(self, write: Write, held: bool, table: &Table, rules: Rules) -> Self {
        match (write, held) {
            (Write::Hold { seat, .. }, held) => {
                // An old image that names the own id is no refusal.
                if held {
                    return Self { left: self.left & !(1 << seat), wrote: self.wrote | 1 << seat, ..self };
                }
                if table.seats[seat].names(self.buyer) {
                    return Self { left: self.left & !(1 << seat), ..self };
                }
                self.at(At::Refused)
            }
            (Write::Mark { .. }, false) => self.at(At::Refused),
            (Write::Put { .. }, true) | (Write::Pay { .. }, true) => self.done(Told::Yes),
            (Write::Pay { .. }, false) if !rules.no_undo => {
                let live = table.reservations[self.buyer].map_or(0, |there| there.live);
                Self { left: live, ..self.at(At::Undoing) }
            }
            (Write::Put { .. } | Write::Refuse { .. } | Write::Pay { .. } | Write::End { .. }, false) => {
                self.at(At::Start)
            }
            (Write::Refuse { give, .. }, true) => Self { left: give, ..self.at(At::Freeing) },
            // Also what others gave up and have not freed yet.
            (Write::End { .. }, true) => {
                let freeing = table.reservations[self.buyer].map_or(0, |there| there.freeing);
                Self { left: self.left | freeing, version: self.version + 1, ..self.at(At::Freeing) }
            }
            (
                Write::Leave { .. } | Write::RivalHolds { .. } | Write::RivalPays { .. } | Write::RivalCancels { .. },
                _,
            ) => Self::new(self.task, self.buyer, self.by),
            (Write::Mark { seat, .. }, true)
            | (Write::Free { seat, .. } | Write::Unmark { seat, .. } | Write::GiveBack { seat, .. }, _) => {
                Self { left: self.left & !(1 << seat), ..self }
            }
        }
    }
}
