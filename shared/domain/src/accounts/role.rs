//! Roles: what somebody may do beside buying. Each is granted by itself, and ends by itself.

use crate::id::ConcertId;

/// A role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// May do everything; granted by operators alone, never over HTTP.
    Admin,
    /// Creates concerts, and changes those of their own; granted by administrators and operators.
    Organiser,
    /// Works at the door of one concert; granted by its organiser and by administrators.
    Steward,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Organiser, Self::Steward];

    /// Its name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Organiser => "organiser",
            Self::Steward => "steward",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// A role as it is granted: a steward's is of one concert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// [`Role::Admin`].
    Admin,
    /// [`Role::Organiser`].
    Organiser,
    /// [`Role::Steward`] of this concert.
    Steward(ConcertId),
}

impl Grant {
    /// The role.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::Admin => Role::Admin,
            Self::Organiser => Role::Organiser,
            Self::Steward(_) => Role::Steward,
        }
    }

    /// The concert that it is of, if it is of one.
    #[must_use]
    pub fn concert(self) -> Option<ConcertId> {
        match self {
            Self::Steward(concert) => Some(concert),
            Self::Admin | Self::Organiser => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_a_name_of_its_own() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!((Role::parse("user"), Role::parse("Admin")), (None, None));
    }
}
