//! F9: the same request a day later.

use super::case::Case;
use super::scene::Scene;

cells!(a_day_later: hold release pay cancel cancel_ticket refund reissue top_up credit spend start_card_payment
    confirm_card_payment pay_out order claim claim_admission leave manage_shop roles sessions erase);

/// With a key it is a repeat of the first; without one it finds what was done, or is refused. Nothing is written.
async fn a_day_later(scene: &Scene) {
    let first = scene.act().await;
    assert!(first.succeeded(), "{:?}: {first:?}", scene.case);
    scene.world.stack.drain_events().await.expect("settled");
    scene.world.wait(86_400);
    let (before, token) = (scene.world.dump(), scene.world.entry_of(&scene.user));
    let later = scene.act().await;
    if matches!(scene.case, Case::UpdateProduct | Case::EndAllSessions) {
        // It has no key: a day later it is another wish, of the same price, or about whatever began since.
        later.expect(scene.case.success());
        return scene.expect_effects(1, "a day later").await;
    }
    if scene.case.takes_a_key() {
        assert!(later.replayed(), "{:?}: {later:?}", scene.case);
        assert_eq!(later.status, 201);
        let mut ids = first.body.as_object().expect("an object").iter().filter(|(name, _)| name.ends_with("_id"));
        assert!(ids.clone().count() > 0 && ids.all(|(name, id)| later.body[name] == *id), "{first:?}, {later:?}");
    } else {
        assert!(later.succeeded() || later.is_refusal(), "{:?}: {later:?}", scene.case);
    }
    if scene.case.function() != "get_queue_entry" {
        assert_eq!(scene.world.dump(), before, "{:?} was done again", scene.case);
    }
    // A poll moves its queue on, whoever asks; the token is what it was, unless it was called a second time.
    if scene.case == Case::MissAdmission {
        assert_eq!(later.body["state"], "admitted");
        return;
    }
    assert_eq!(scene.world.entry_of(&scene.user), token);
    scene.world.check_invariants().await;
}
