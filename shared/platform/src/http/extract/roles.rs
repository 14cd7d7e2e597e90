//! Callers by their roles, as they are when they call.

use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use onsale_domain::accounts::role::{Grant, Role};
use onsale_domain::id::{ConcertId, ScheduleId, UserId};

use super::{SourceAddress, User};
use crate::app::App;
use crate::http::messages::Detail;
use crate::http::problem::Problem;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::accounts::grants;
use crate::store::concerts::{self, schedules};

/// A caller who is an administrator: by the grant as it is now, and not as it was when the token was signed.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The user's id.
    pub id: UserId,
    /// The address the request came from, as the gateway saw it.
    source: SourceAddress,
}

impl Admin {
    /// The action that the administrator is about to do, for the log that its transaction writes.
    #[must_use]
    pub fn action(&self, function: &'static str, target: impl fmt::Display) -> AdminAction {
        AdminAction::by_user(self.id, Role::Admin, &self.source.0, function, target)
    }
}

/// A caller who is an organiser or an administrator, by the grant as it is now.
#[derive(Clone, Debug)]
pub struct Organiser {
    /// The user's id.
    pub id: UserId,
    /// The role that counts: an administrator's if the caller has both.
    role: Role,
    /// The address the request came from, as the gateway saw it.
    source: SourceAddress,
}

impl Organiser {
    /// The action that the caller is about to do, for the log that its transaction writes.
    #[must_use]
    pub fn action(&self, function: &'static str, target: impl fmt::Display) -> AdminAction {
        AdminAction::by_user(self.id, self.role, &self.source.0, function, target)
    }

    /// Refuses an organiser to whom the concert does not belong; an administrator may change any. Of a concert that is
    /// not there nothing can be changed, so nobody is refused.
    ///
    /// # Errors
    /// When it is another organiser's, or the table fails.
    pub async fn check_owns(&self, app: &App, concert: ConcertId) -> Result<(), Problem> {
        if self.role == Role::Admin {
            return Ok(());
        }
        match concerts::organiser_of(app, concert).await? {
            Some(organiser) if organiser != self.id => Err(Problem::new(Detail::NotYourConcert)),
            Some(_) | None => Ok(()),
        }
    }

    /// The same of the concert that a date is of.
    ///
    /// # Errors
    /// As [`Self::check_owns`].
    pub async fn check_owns_date(&self, app: &App, schedule: ScheduleId) -> Result<(), Problem> {
        if self.role == Role::Admin {
            return Ok(());
        }
        match schedules::get(app, schedule).await? {
            Some(date) => self.check_owns(app, date.concert_id).await,
            None => Ok(()),
        }
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let User { id, .. } = User::from_request_parts(parts, app).await?;
        if !grants::has(app, id, Grant::Admin).await? {
            return Err(Problem::new(Detail::AdministratorsOnly));
        }
        Ok(Self { id, source: SourceAddress::from_request_parts(parts, app).await? })
    }
}

impl FromRequestParts<App> for Organiser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let User { id, .. } = User::from_request_parts(parts, app).await?;
        let role = grants::to_organise(app, id).await?.ok_or_else(|| Problem::new(Detail::OrganisersOnly))?;
        Ok(Self { id, role, source: SourceAddress::from_request_parts(parts, app).await? })
    }
}
