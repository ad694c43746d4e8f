//! A running download obeys the gate: suspending, closing and expiry cut it within one slice.

use bytes::Bytes;
use causeway_plane::{
    Cut, DataBody, FlowState, Interruption, PullError, PullToken, Refusal, flow_path, serve,
};
use http_body_util::BodyExt as _;

use crate::world::{Consumer, Provider, SLICE, TOKEN, flow_id, now, sample};

/// The body of a download before anybody reads it.
async fn download(provider: &Provider) -> DataBody {
    let token = PullToken::from_random(TOKEN).expose();
    let request = hyper::Request::get(flow_path(&flow_id()))
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .unwrap();
    let (parts, ()) = request.into_parts();
    serve(&provider.flows, &provider.objects, &parts, now()).await.into_body()
}

async fn slice(body: &mut DataBody) -> Result<Bytes, Cut> {
    body.frame().await.unwrap().map(|frame| frame.into_data().unwrap())
}

#[tokio::test]
async fn not_one_slice_leaves_after_the_state_has_changed() {
    for state in [FlowState::Suspended, FlowState::Closed] {
        let provider = Provider::with(&sample(SLICE * 8)).await;
        let mut body = download(&provider).await;
        assert_eq!(slice(&mut body).await.unwrap().len() as u64, SLICE);
        provider.flows.set_state(&flow_id(), state);
        let cut = slice(&mut body).await.unwrap_err();
        assert!(matches!(cut, Cut::StateChanged { state: found } if found == state), "{cut}");
    }
}

#[tokio::test]
async fn suspending_and_opening_again_between_two_slices_still_cuts() {
    let provider = Provider::with(&sample(SLICE * 8)).await;
    let mut body = download(&provider).await;
    slice(&mut body).await.unwrap();
    provider.flows.set_state(&flow_id(), FlowState::Suspended);
    provider.flows.set_state(&flow_id(), FlowState::Open);
    assert!(slice(&mut body).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_download_ends_when_the_flow_expires() {
    let provider = Provider::with(&sample(SLICE * 8)).await;
    let mut body = download(&provider).await;
    slice(&mut body).await.unwrap();
    tokio::time::advance(std::time::Duration::from_secs(3_601)).await;
    let cut = slice(&mut body).await.unwrap_err();
    assert!(matches!(cut, Cut::Expired), "{cut}");
}

#[tokio::test]
async fn a_suspended_download_is_interrupted_refused_and_later_resumed_without_waste() {
    let sent = sample(5 * 1024 * 1024);
    let provider = Provider::with(&sent).await;
    let consumer = Consumer::of(&provider);
    let held = SLICE * 6;
    let release = provider.fault(held, false);
    let suspend = || {
        provider.flows.set_state(&flow_id(), FlowState::Suspended);
        release.send_replace(true);
    };
    let error = consumer.pull_and_at(held, suspend).await.unwrap_err();
    let PullError::Interrupted { received, reason: Interruption::Connection { .. } } = error else {
        panic!("{error}");
    };
    assert_eq!((received, consumer.part_bytes()), (held, Some(held)));

    let error = consumer.pull().await.unwrap_err();
    let PullError::Refused { status: 409, refusal, detail, retry_after_seconds } = error else {
        panic!("{error}");
    };
    assert_eq!((refusal, retry_after_seconds), (Refusal::Suspended, Some(30)));
    assert!(detail.contains("\"suspended\""), "{detail}");
    assert_eq!(consumer.part_bytes(), Some(held));

    provider.flows.set_state(&flow_id(), FlowState::Open);
    provider.heal();
    let pulled = consumer.pull().await.unwrap();
    assert_eq!((pulled.resumed, pulled.received), (held, sent.len() as u64 - held));
    assert!(std::fs::read(consumer.file()).unwrap() == sent);
    assert_eq!(provider.flows.served_bytes(&flow_id()), Some(sent.len() as u64));
}

#[tokio::test]
async fn a_closed_download_is_interrupted_and_then_refused() {
    let provider = Provider::with(&sample(5 * 1024 * 1024)).await;
    let consumer = Consumer::of(&provider);
    let release = provider.fault(SLICE, false);
    let close = || {
        assert_eq!(provider.flows.close(&flow_id()), Some(SLICE));
        release.send_replace(true);
    };
    let error = consumer.pull_and_at(SLICE, close).await.unwrap_err();
    assert!(matches!(error, PullError::Interrupted { received: SLICE, .. }), "{error}");
    let error = consumer.pull().await.unwrap_err();
    let PullError::Refused { status: 401, refusal: Refusal::TokenInvalid, .. } = error else {
        panic!("{error}");
    };
    assert!(!consumer.file().exists());
}
