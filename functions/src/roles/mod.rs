//! Roles: who may do what beside buying, who gave it, and what was done with it.

pub(crate) mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod grant_organiser;
pub mod grant_role;
pub mod grant_steward;
pub mod list_admin_actions;
pub mod list_roles;
pub mod list_stewards;
pub mod revoke_organiser;
pub mod revoke_role;
pub mod revoke_steward;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // GET /admin/roles: administrators and organisers.
    ("list_roles", Function::Http(|| routes!(list_roles::list_roles))),
    // PUT /users/{user_id}/roles/organiser: makes somebody an organiser.
    ("grant_organiser", Function::Http(|| routes!(grant_organiser::grant_organiser))),
    // DELETE /users/{user_id}/roles/organiser: takes that away.
    ("revoke_organiser", Function::Http(|| routes!(revoke_organiser::revoke_organiser))),
    // GET /concerts/{concert_id}/stewards: who works at the door.
    ("list_stewards", Function::Http(|| routes!(list_stewards::list_stewards))),
    // PUT /concerts/{concert_id}/stewards/{user_id}: lets somebody work at the door.
    ("grant_steward", Function::Http(|| routes!(grant_steward::grant_steward))),
    // DELETE /concerts/{concert_id}/stewards/{user_id}: takes that away.
    ("revoke_steward", Function::Http(|| routes!(revoke_steward::revoke_steward))),
    // GET /admin/actions: what administrators and organisers did.
    ("list_admin_actions", Function::Http(|| routes!(list_admin_actions::list_admin_actions))),
    // Invoked by operators: makes somebody an administrator or organiser.
    ("grant_role", Function::Event(grant_role::handler)),
    // Invoked by operators: takes a role away.
    ("revoke_role", Function::Event(revoke_role::handler)),
];
