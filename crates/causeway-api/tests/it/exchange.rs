//! The main job: publish, find, agree, transfer, verify.

use causeway_dsp::transfer::EDC_NAMESPACE;
use causeway_policy::Policy;
use causeway_types::{DatasetId, Role};

use crate::world::World;

#[tokio::test]
async fn a_file_is_offered_agreed_on_transferred_and_verified() {
    let world = World::new().await;
    let bytes: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let offer = world.provider.publish(&bytes, Policy::open()).await;

    let page = world.consumer.node.peer_catalog(&world.provider.id, None).await.unwrap();
    assert_eq!(page.catalog.participant_id, world.provider.id);
    assert_eq!(page.catalog.datasets.len(), 1);
    let distribution = &page.catalog.datasets[0].distributions[0];
    assert_eq!(distribution.content, Some(offer.content));

    let negotiation = world.consumer.request(&world.provider, &offer).await;
    world.consumer.negotiation_in(&negotiation, "FINALIZED").await;
    let agreed = world.consumer.agreement_of(&negotiation).await;
    assert_eq!(agreed.agreement.content, Some(offer.content));
    assert_eq!(agreed.agreement.assigner, world.provider.id);
    assert_eq!(agreed.agreement.assignee, world.consumer.id);

    let transfer = world.consumer.transfer(&agreed).await;
    let done = world.consumer.transfer_in(&transfer, "COMPLETED").await;
    // Connectors based on EDC look for all they need among the properties, in their namespace.
    let gate = done.transfer.data_address.unwrap();
    let named = |name: &str| {
        let of_edc = format!("{EDC_NAMESPACE}{name}");
        gate.properties.iter().find(|(name, _)| *name == of_edc).map(|(_, value)| value.as_str())
    };
    assert_eq!(named("endpoint"), gate.endpoint.as_deref());
    assert_eq!(named("authorization"), gate.property("authorization"));
    assert_eq!(named("authType"), Some("bearer"));
    let outcome = done.outcome.unwrap();
    assert_eq!(outcome.content, offer.content);
    let received = world.consumer.received().join(&outcome.file);
    assert_eq!(std::fs::read(received).unwrap(), bytes);

    let theirs = world.provider.counterpart(&transfer).await;
    world.provider.transfer_in(&theirs, "COMPLETED").await;
    let their_negotiation = world.provider.counterpart(&negotiation).await;
    world.provider.negotiation_in(&their_negotiation, "FINALIZED").await;
    let theirs = world.provider.agreement_of(&their_negotiation).await;
    assert_eq!(theirs.role, Role::Provider);
    assert_eq!(theirs.agreement, agreed.agreement);
}

#[tokio::test]
async fn files_of_0_and_1_bytes_are_exchanged_too() {
    let world = World::new().await;
    for bytes in [b"".as_slice(), b"x"] {
        let agreement = world.contract(bytes).await;
        let transfer = world.consumer.transfer(&agreement).await;
        let done = world.consumer.transfer_in(&transfer, "COMPLETED").await;
        let received = world.consumer.received().join(done.outcome.unwrap().file);
        assert_eq!(std::fs::read(received).unwrap(), bytes);
    }
}

#[tokio::test]
async fn a_catalog_of_many_datasets_comes_in_pages_that_link_to_the_next() {
    let world = World::new().await;
    for n in 0..250_u32 {
        world.provider.publish(&n.to_le_bytes(), Policy::open()).await;
    }
    let (mut sizes, mut next) = (Vec::new(), None);
    let mut seen: Vec<DatasetId> = Vec::new();
    loop {
        let provider = &world.provider.id;
        let page = world.consumer.node.peer_catalog(provider, next.as_deref()).await.unwrap();
        assert_eq!(page.problems, Vec::<String>::new());
        sizes.push(page.catalog.datasets.len());
        seen.extend(page.catalog.datasets.into_iter().map(|dataset| dataset.id));
        match page.next {
            Some(found) => next = Some(found),
            None => break,
        }
    }
    assert_eq!(sizes, [100, 100, 50]);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 250);
}

#[tokio::test]
async fn a_withdrawn_offer_is_no_longer_offered_but_its_contract_stays() {
    let world = World::new().await;
    let offer = world.provider.publish(b"a,b\n1,2\n", Policy::open()).await;
    let negotiation = world.consumer.request(&world.provider, &offer).await;
    world.consumer.negotiation_in(&negotiation, "FINALIZED").await;
    world.provider.node.withdraw(&offer.id).await.unwrap();

    let page = world.consumer.node.peer_catalog(&world.provider.id, None).await.unwrap();
    assert!(page.catalog.datasets.is_empty());
    let missing = world.consumer.node.peer_dataset(&world.provider.id, &offer.dataset_id).await;
    assert!(missing.is_err());

    let agreement = world.consumer.agreement_of(&negotiation).await;
    let transfer = world.consumer.transfer(&agreement).await;
    world.consumer.transfer_in(&transfer, "COMPLETED").await;
}

#[tokio::test]
async fn both_directions_between_two_nodes_are_checked_hop_by_hop() {
    let world = World::new().await;
    let probe = world.consumer.node.probe(&world.provider.id).await;
    assert!(probe.is_good(), "{probe:?}");
    assert_eq!(probe.steps.len(), 3);

    // The way back is broken: the provider cannot reach anybody.
    world.provider.network.cut(true);
    let probe = world.consumer.node.probe(&world.provider.id).await;
    assert!(!probe.is_good());
    let failed = probe.steps.last().unwrap();
    assert!(failed.hop.starts_with("way back"), "{failed:?}");
    assert!(failed.detail.contains("the network is cut"), "{failed:?}");

    // The way there is broken.
    world.consumer.network.cut(true);
    let probe = world.consumer.node.probe(&world.provider.id).await;
    assert_eq!(probe.steps.len(), 1);
    assert!(probe.steps[0].hop.starts_with("version document"), "{probe:?}");
}
