//! Pulls that succeed, at once or after interruptions, and what they leave alone.

use std::fs::File;

use causeway_plane::{Interruption, PullError, Pulled};
use causeway_types::limits::CONTENT_BYTES_MAX;
use causeway_types::{Blake3, Content, Sha256};

use crate::world::{Consumer, Provider, SLICE, answering, flow_id, sample};

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

/// 5 GB of zeros, sparse on both sides: positions beyond 32 bits, without 5 GB of writing. The
/// digests are those of `head -c 5000000000 /dev/zero`.
#[tokio::test]
async fn positions_beyond_four_gigabytes_are_served_resumed_and_verified() {
    const BYTES: u64 = 5_000_000_000;
    let sha256 = Sha256::parse(SHA256_ZEROS).unwrap();
    let content = Content::new(BYTES, sha256, Blake3::parse(BLAKE3_ZEROS).unwrap()).unwrap();
    let sparse = |bytes| {
        move |path: &std::path::Path| {
            File::create_new(path).unwrap().set_len(bytes).unwrap();
        }
    };
    let provider = Provider::with_object(content, sparse(BYTES)).await;
    let consumer = Consumer::of(&provider);
    let resumed = BYTES - 3 * MIB - 1;
    sparse(resumed)(&consumer.part());
    let pulled = consumer.pull().await.unwrap();
    assert_eq!(pulled, Pulled { received: 3 * MIB + 1, resumed });
    assert_eq!(std::fs::metadata(consumer.file()).unwrap().len(), BYTES);
}

const SHA256_ZEROS: &str = "750f9080de24a9e562c6b1fecc288c732a758003ab16e5cad014eba45c17466b";
const BLAKE3_ZEROS: &str = "e3fd56805eb7143ec40a552f1d10e6bc75e9009beaa2cdc25f4ea8f7e291ea4d";
