//! Pulls that succeed, at once or after interruptions, and what they leave alone.

use std::fs::File;

use causeway_plane::{Interruption, PullError, Pulled};
use causeway_types::limits::CONTENT_BYTES_MAX;
use causeway_types::{Blake3, Content, Sha256};

use tokio::net::TcpListener;

use crate::world::{Consumer, Provider, SLICE, answering, flow_id, read_head, sample};

const MIB: u64 = 1024 * 1024;

#[tokio::test]
async fn a_file_of_any_size_arrives_and_the_part_file_is_gone() {
    for bytes in [0, 1, SLICE - 1, SLICE, SLICE + 1, 5 * MIB] {
        let sent = sample(bytes);
        let provider = Provider::with(&sent).await;
        let consumer = Consumer::of(&provider);
        let pulled = consumer.pull().await.unwrap();
        assert_eq!(pulled, Pulled { received: bytes, resumed: 0 });
        assert!(std::fs::read(consumer.file()).unwrap() == sent, "{bytes} bytes");
        assert_eq!(consumer.part_bytes(), None, "{bytes} bytes");
    }
}

#[tokio::test]
async fn a_cut_at_any_offset_is_resumed_without_waste() {
    let bytes = 3 * MIB;
    let sent = sample(bytes);
    let provider = Provider::with(&sent).await;
    for at in [0, 1, SLICE - 1, SLICE, SLICE + 1, MIB - 1, MIB, MIB + 1, 2 * MIB, bytes - 1] {
        let consumer = Consumer::of(&provider);
        let release = provider.fault(at, true);
        let cut = || release.send_replace(true);
        let error = consumer.pull_and_at(at, cut).await.unwrap_err();
        let PullError::Interrupted { received, .. } = error else { panic!("at {at}: {error}") };
        assert_eq!(received, at);
        assert_eq!(consumer.part_bytes(), (at > 0).then_some(at), "an empty part is not kept");
        provider.heal();
        let pulled = consumer.pull().await.unwrap();
        assert_eq!(pulled, Pulled { received: bytes - at, resumed: at });
        assert!(std::fs::read(consumer.file()).unwrap() == sent, "cut at {at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_and_a_pull_may_move_between_threads() {
    let sent = sample(5 * MIB);
    let provider = Provider::with(b"").await;
    let objects = provider.objects.clone();
    let body = crate::world::chunks(&sent);
    let content = tokio::spawn(async move { objects.ingest(body, None).await });
    let provider = provider.deliver(content.await.unwrap().unwrap());
    let consumer = Consumer::of(&provider);
    let pulled = tokio::spawn(async move { consumer.pull().await }).await.unwrap().unwrap();
    assert_eq!(pulled.received, 5 * MIB);
}

#[tokio::test]
async fn a_cut_after_the_last_byte_does_no_harm() {
    let provider = Provider::with(&sample(SLICE)).await;
    let release = provider.fault(SLICE, true);
    let consumer = Consumer::of(&provider);
    consumer.pull_and_at(SLICE, || release.send_replace(true)).await.unwrap();
}

#[tokio::test]
async fn a_complete_part_file_needs_no_provider() {
    let provider = Provider::with(&sample(SLICE)).await;
    let consumer = Consumer::of(&provider);
    std::fs::write(consumer.part(), sample(SLICE)).unwrap();
    assert_eq!(consumer.pull().await.unwrap(), Pulled { received: 0, resumed: SLICE });
    assert_eq!(provider.flows.served_bytes(&flow_id()), Some(0));
}

#[tokio::test]
async fn a_part_file_that_cannot_be_a_beginning_is_started_over() {
    let provider = Provider::with(&sample(SLICE)).await;
    for left in [vec![0; SLICE as usize], vec![0; SLICE as usize + 1]] {
        let consumer = Consumer::of(&provider);
        std::fs::write(consumer.part(), left).unwrap();
        assert_eq!(consumer.pull().await.unwrap(), Pulled { received: SLICE, resumed: 0 });
    }
}

#[tokio::test]
async fn a_whole_answer_to_a_range_starts_over() {
    let sent = sample(1000);
    let provider = Provider::with(&sent).await;
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_vec();
    answer.extend_from_slice(&sent);
    let consumer = Consumer::promised(provider.content, answering(answer, false).await);
    std::fs::write(consumer.part(), [0; 10]).unwrap();
    assert_eq!(consumer.pull().await.unwrap(), Pulled { received: 1000, resumed: 0 });
    assert!(std::fs::read(consumer.file()).unwrap() == sent);
}

#[tokio::test]
async fn a_resuming_request_names_its_range_and_the_entity_it_continues() {
    let provider = Provider::with(&sample(1000)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let consumer = Consumer::promised(provider.content, url);
    std::fs::write(consumer.part(), sample(10)).unwrap();
    let tag = format!("if-range: \"{}\"\r\n", provider.content.blake3());
    for entity_tag in [true, false] {
        let mut order = consumer.order();
        order.entity_tag = order.entity_tag.filter(|_| entity_tag);
        let client = crate::world::client();
        let pull = causeway_plane::pull(&client, order, &consumer.progress, &consumer.cancel);
        let head = async { read_head(&mut listener.accept().await.unwrap().0).await };
        let (_hung_up, head) = tokio::join!(pull, head);
        assert!(head.contains("range: bytes=10-\r\n"), "{head}");
        assert!(head.contains("accept-encoding: identity\r\n"), "{head}");
        assert_eq!(head.contains(&tag), entity_tag, "{head}");
    }
}

#[tokio::test]
async fn the_promised_file_at_the_final_path_is_enough_and_another_one_is_left_alone() {
    let sent = sample(SLICE + 1);
    let provider = Provider::with(&sent).await;
    let consumer = Consumer::of(&provider);
    std::fs::write(consumer.file(), &sent).unwrap();
    assert_eq!(consumer.pull().await.unwrap(), Pulled { received: 0, resumed: SLICE + 1 });
    for other in [vec![0; sent.len()], b"short".to_vec()] {
        std::fs::write(consumer.file(), &other).unwrap();
        let error = consumer.pull().await.unwrap_err();
        assert!(matches!(error, PullError::FinalExists { .. }), "{error}");
        assert!(std::fs::read(consumer.file()).unwrap() == other);
    }
    assert_eq!(provider.flows.served_bytes(&flow_id()), Some(0));
}

#[tokio::test]
async fn a_file_that_appears_at_the_final_path_meanwhile_is_left_alone() {
    let provider = Provider::with(&sample(SLICE * 2)).await;
    let consumer = Consumer::of(&provider);
    let release = provider.fault(SLICE, false);
    let appear = || {
        std::fs::write(consumer.file(), "somebody else's").unwrap();
        release.send_replace(true);
    };
    let error = consumer.pull_and_at(SLICE, appear).await.unwrap_err();
    assert!(matches!(error, PullError::FinalExists { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(consumer.file()).unwrap(), "somebody else's");
}

#[tokio::test]
async fn a_cancelled_pull_keeps_what_it_has() {
    let provider = Provider::with(&sample(MIB)).await;
    let consumer = Consumer::of(&provider);
    let _held = provider.fault(SLICE + 5, false);
    let error = consumer.pull_and_at(SLICE + 5, || consumer.cancel.cancel()).await.unwrap_err();
    let PullError::Interrupted { received, reason: Interruption::Cancelled } = error else {
        panic!("{error}");
    };
    assert_eq!((received, consumer.part_bytes()), (SLICE + 5, Some(SLICE + 5)));
}

#[tokio::test]
async fn a_part_file_in_use_is_not_touched() {
    let provider = Provider::with(&sample(MIB)).await;
    let consumer = Consumer::of(&provider);
    let release = provider.fault(SLICE, false);
    let second = async {
        let mut progress = consumer.progress.subscribe();
        progress.wait_for(|progress| progress.bytes == SLICE).await.unwrap();
        let error = consumer.pull().await.unwrap_err();
        release.send_replace(true);
        error
    };
    let (first, second) = tokio::join!(consumer.pull(), second);
    assert!(matches!(second, PullError::PartInUse { .. }), "{second}");
    first.unwrap();
}

#[tokio::test]
async fn a_link_or_a_pipe_in_place_of_the_part_file_is_refused() {
    let provider = Provider::with(&sample(10)).await;
    let consumer = Consumer::of(&provider);
    let elsewhere = consumer.file().with_extension("elsewhere");
    std::fs::write(&elsewhere, "precious").unwrap();
    std::os::unix::fs::symlink(&elsewhere, consumer.part()).unwrap();
    let error = consumer.pull().await.unwrap_err();
    assert!(matches!(error, PullError::Local { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "precious");
}

#[tokio::test]
async fn a_missing_directory_is_noticed_before_the_download() {
    let provider = Provider::with(&sample(10)).await;
    let consumer = Consumer::of(&provider);
    let mut order = consumer.order();
    order.final_path = consumer.file().join("missing/file");
    let client = crate::world::client();
    let pulled = causeway_plane::pull(&client, order, &consumer.progress, &consumer.cancel).await;
    let error = pulled.unwrap_err();
    assert!(matches!(error, PullError::Local { .. }), "{error}");
    assert_eq!(provider.flows.served_bytes(&flow_id()), Some(0));
}

#[tokio::test]
async fn a_promise_larger_than_the_disk_is_noticed_before_the_download() {
    let zero = (Sha256::from_bytes([0; 32]), Blake3::from_bytes([0; 32]));
    let content = Content::new(CONTENT_BYTES_MAX, zero.0, zero.1).unwrap();
    // Nobody listens there; the pull does not get that far.
    let consumer = Consumer::promised(content, "http://127.0.0.1:9/".into());
    let error = consumer.pull().await.unwrap_err();
    let PullError::DiskFull { needed: CONTENT_BYTES_MAX, free } = error else { panic!("{error}") };
    assert!(free < CONTENT_BYTES_MAX);
    assert_eq!(consumer.part_bytes(), None);
}

/// Zeros, sparse on both sides: positions on both sides of 32 bits, without as many bytes of
/// writing. The digests are those of `head -c 4303355904 /dev/zero`.
#[tokio::test]
async fn positions_beyond_four_gigabytes_are_served_resumed_and_verified() {
    const BYTES: u64 = 4096 * MIB + 8 * MIB;
    let sha256 = Sha256::parse(SHA256_ZEROS).unwrap();
    let content = Content::new(BYTES, sha256, Blake3::parse(BLAKE3_ZEROS).unwrap()).unwrap();
    let sparse = |bytes| {
        move |path: &std::path::Path| {
            File::create_new(path).unwrap().set_len(bytes).unwrap();
        }
    };
    let provider = Provider::with_object(content, sparse(BYTES)).await;
    let consumer = Consumer::of(&provider);
    let resumed = BYTES - 9 * MIB - 1;
    sparse(resumed)(&consumer.part());
    let pulled = consumer.pull().await.unwrap();
    assert_eq!(pulled, Pulled { received: 9 * MIB + 1, resumed });
    assert_eq!(std::fs::metadata(consumer.file()).unwrap().len(), BYTES);
}

const SHA256_ZEROS: &str = "b3c1ae0dc0c0dbfb8caa91ae683292beaced8cf8dafc249cb157ec57bf80ff43";
const BLAKE3_ZEROS: &str = "29177e41811d03f8f191dc818cbc519d904369567ba4998d54cf0cdac0767a84";
