//! The codes of a reservation's tickets: which are good, and which are dead.

use crate::reservations::reservation::{Reservation, Ticket};
use crate::seats::SeatId;
use crate::tickets::code::TicketCode;
use crate::tickets::generation::{CodeError, GENERATIONS_MAX, Generation, Ordinal};

impl Ticket {
    /// The highest generation of which a code is dead; `None` while no code ever died. `sold` says whether the purchase
    /// of the ticket is paid, and not refunded as a whole.
    fn dead_generation(&self, sold: bool) -> Option<Generation> {
        // A ticket that was never sold never had a code, and is still of the first generation.
        if self.generation == Generation::FIRST {
            return None;
        }
        let is_live = sold && !self.cancelled;
        if is_live { Generation::new(self.generation.get() - 1) } else { Some(self.generation) }
    }
}

impl Reservation {
    /// The tickets of which codes are dead, each with the highest dead generation. The list at the door says the same.
    pub fn dead_generations(&self) -> impl Iterator<Item = (Ordinal, Generation)> {
        let sold = self.purchase.is_paid();
        self.tickets
            .iter()
            .enumerate()
            .filter_map(move |(index, ticket)| Some((Ordinal::at(index)?, ticket.dead_generation(sold)?)))
    }

    /// The code of one of its tickets, to be signed with this key; `None` if it has no such ticket.
    ///
    /// # Errors
    /// When the ticket is not sold.
    pub fn ticket_code(&self, seat: &SeatId, key: u8) -> Option<Result<TicketCode, CodeError>> {
        let index = self.tickets.iter().position(|ticket| ticket.seat == *seat)?;
        let (ordinal, ticket) = (Ordinal::at(index)?, &self.tickets[index]);
        Some(self.has_codes(ticket).map(|()| TicketCode {
            key,
            schedule: self.schedule_id,
            reservation: self.id,
            ordinal,
            generation: ticket.generation,
        }))
    }

    fn has_codes(&self, ticket: &Ticket) -> Result<(), CodeError> {
        if ticket.cancelled || self.purchase.is_cancelled() {
            return Err(CodeError::Cancelled);
        }
        if self.purchase.is_paid() { Ok(()) } else { Err(CodeError::NotPaid) }
    }

    /// The reservation after a new code for one of its tickets, with the generation of that one: the codes before are
    /// dead. `None` if it has no such ticket.
    ///
    /// # Errors
    /// When the ticket is not sold, or has had too many codes.
    pub fn reissued(mut self, seat: &SeatId) -> Option<Result<(Self, Generation), CodeError>> {
        let index = self.tickets.iter().position(|ticket| ticket.seat == *seat)?;
        if let Err(refused) = self.has_codes(&self.tickets[index]) {
            return Some(Err(refused));
        }
        if self.tickets[index].generation.get() >= GENERATIONS_MAX {
            return Some(Err(CodeError::TooMany));
        }
        let generation = self.tickets[index].generation.next();
        self.tickets[index].generation = generation;
        self.purchase.version += 1;
        Some(Ok((self, generation)))
    }

    /// The reservation with all codes of its sold tickets dead.
    #[must_use]
    pub fn without_codes(mut self) -> Self {
        for ticket in self.tickets.iter_mut().filter(|ticket| !ticket.cancelled) {
            ticket.generation = ticket.generation.next();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purchases::purchase::Purchase;
    use crate::reservations::hold::tests::{at, held, seats};

    fn seat(name: &str) -> SeatId {
        seats(&[name])[0].clone()
    }

    fn dead(reservation: &Reservation) -> Vec<(u8, u16)> {
        reservation.dead_generations().map(|(ordinal, dead)| (ordinal.get(), dead.get())).collect()
    }

    #[test]
    fn a_code_is_of_a_sold_ticket_at_its_generation() {
        let held = held(&["A-1-1", "A-1-2"]);
        assert_eq!(held.ticket_code(&seat("A-1-1"), 1), Some(Err(CodeError::NotPaid)));
        assert_eq!(held.ticket_code(&seat("A-1-9"), 1), None);
        let given_up = held.clone().map_purchase(Purchase::cancelled);
        assert_eq!(given_up.ticket_code(&seat("A-1-1"), 1), Some(Err(CodeError::Cancelled)));
        let paid = held.paid(at(2_000), "");
        let code = paid.ticket_code(&seat("A-1-2"), 7).expect("a ticket").expect("a code");
        assert_eq!((code.key, code.ordinal.get(), code.generation), (7, 2, Generation::FIRST));
        assert_eq!(dead(&paid), []);
    }

    #[test]
    fn a_new_code_is_of_the_next_generation_and_ends_the_one_before() {
        let paid = held(&["A-1-1", "A-1-2"]).paid(at(2_000), "");
        let (again, _) = paid.clone().reissued(&seat("A-1-2")).expect("a ticket").expect("a new code");
        assert_eq!(again.purchase.version, paid.purchase.version + 1);
        assert_eq!(dead(&again), [(2, 1)]);
        let (twice, generation) = again.reissued(&seat("A-1-2")).expect("a ticket").expect("a new code");
        assert_eq!((dead(&twice), generation.get()), (vec![(2, 2)], 3));
        assert_eq!(
            twice.ticket_code(&seat("A-1-2"), 1).and_then(Result::ok).map(|code| code.generation.get()),
            Some(3)
        );
        assert_eq!(held(&["A-1-1"]).reissued(&seat("A-1-1")), Some(Err(CodeError::NotPaid)));
    }

    #[test]
    fn a_ticket_that_was_given_back_has_no_good_code_at_all() {
        let paid = held(&["A-1-1", "A-1-2", "A-1-3"]).without_seats(&seats(&["A-1-1"])).paid(at(2_000), "");
        let (again, _) = paid.reissued(&seat("A-1-3")).expect("a ticket").expect("a new code");
        let (one, _) = again.ticket_refunded(&seat("A-1-2"), at(2_001)).expect("in time").expect("a refund");
        // A ticket that was given up before it was paid never had a code.
        assert_eq!(dead(&one), [(2, 2), (3, 1)]);
        let (none, _) = one.refunded(at(2_002)).expect("in time").expect("a refund");
        assert_eq!(dead(&none), [(2, 2), (3, 3)]);
        assert_eq!(none.ticket_code(&seat("A-1-3"), 1), Some(Err(CodeError::Cancelled)));
    }

    #[test]
    fn codes_have_a_maximum_that_no_cancellation_meets() {
        let mut reservation = held(&["A-1-1"]).paid(at(2_000), "");
        for _ in 1..GENERATIONS_MAX {
            reservation = reservation.reissued(&seat("A-1-1")).expect("a ticket").expect("a new code").0;
        }
        assert_eq!(reservation.clone().reissued(&seat("A-1-1")), Some(Err(CodeError::TooMany)));
        let (refunded, _) = reservation.refunded(at(2_001)).expect("in time").expect("a refund");
        assert_eq!(dead(&refunded), [(1, GENERATIONS_MAX + 1)]);
    }
}
