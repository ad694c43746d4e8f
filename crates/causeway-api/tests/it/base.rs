//! A peer whose base stands in the configuration: it is used as it stands, and no version document
//! is asked for.

use causeway_policy::Policy;
use http::StatusCode;

use crate::bad_input::client;
use crate::world::{Plan, World};

#[tokio::test]
async fn with_a_peer_whose_base_is_configured_the_exchange_completes_without_a_version_document() {
    let bare = Plan { is_bare: true, ..Plan::default() };
    let world = World::of(bare, Plan::default()).await;
    // Where a node would look for it there is none.
    let version = world.provider.address.join("/.well-known/dspace-version");
    let answer = client().get(version).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);

    let offer = world.provider.publish(b"a,b\n", Policy::open()).await;
    let negotiation = world.consumer.request(&world.provider, &offer).await;
    world.consumer.negotiation_in(&negotiation, "FINALIZED").await;
    let agreement = world.consumer.agreement_of(&negotiation).await;
    let transfer = world.consumer.transfer(&agreement).await;
    let done = world.consumer.transfer_in(&transfer, "COMPLETED").await;
    assert_eq!(done.outcome.unwrap().content, offer.content);
    let theirs = world.provider.counterpart(&transfer).await;
    world.provider.transfer_in(&theirs, "COMPLETED").await;
}

/// Tries again at once, so that a test of many failures is short.
pub(crate) fn retry(attempts_max: u32) -> causeway_node::Retry {
    causeway_node::Retry {
        attempts_max,
        wait_first: std::time::Duration::from_millis(1),
        wait_max: std::time::Duration::from_millis(20),
        answer_timeout: std::time::Duration::from_secs(20),
    }
}
