//! Which file is taken, after which, signed by whom.

use causeway_seal::SignatureError;

use super::{at, file, june, key, signed, text};
use crate::trust::{Acceptance, Pins, TrustError, TrustFile, TrustSignature, accept};

fn pins(threshold: usize, numbers: &[u8]) -> Pins {
    Pins { keys: numbers.iter().map(|number| key(*number)).collect(), threshold }
}

/// A file after another one.
fn after(previous: &TrustFile, text: &str, by: &[u8]) -> Result<Acceptance, TrustError> {
    let signatures = signed(text.as_bytes(), by);
    accept(Some(previous), None, "trust.toml", text.as_bytes(), &signatures, june())
}

fn first(text: &str, by: &[u8], pins: &Pins) -> Result<Acceptance, TrustError> {
    let signatures = signed(text.as_bytes(), by);
    accept(None, Some(pins), "trust.toml", text.as_bytes(), &signatures, june())
}

fn is_new(accepted: &Result<Acceptance, TrustError>) -> bool {
    matches!(accepted, Ok(Acceptance::New { .. }))
}

#[test]
fn the_first_file_is_recognised_by_keys_that_came_another_way() {
    let text = text(1, 2, &[1, 2, 3]);
    let signatures = signed(text.as_bytes(), &[1, 2]);
    let alone = accept(None, None, "trust.toml", text.as_bytes(), &signatures, june());
    assert!(matches!(alone, Err(TrustError::NoPins { .. })), "{alone:?}");
    let Ok(Acceptance::New { file, signers }) = first(&text, &[1, 2], &pins(2, &[1, 2])) else {
        panic!("it is signed by both")
    };
    assert_eq!((file.sequence, signers.len()), (1, 2));
    // The threshold of the pins, that of the file itself, and strangers.
    let table: [(&[u8], Pins); 5] = [
        (&[1, 2], pins(2, &[1, 3])),
        (&[1], pins(1, &[1])),
        (&[1, 1, 1], pins(2, &[1, 2])),
        (&[8, 9], pins(1, &[8, 9])),
        (&[], pins(0, &[1])),
    ];
    for (by, pins) in table {
        let refused = first(&text, by, &pins);
        assert!(matches!(refused, Err(TrustError::Threshold { .. })), "{by:?}: {refused:?}");
    }
}

#[test]
fn the_next_file_is_signed_by_those_who_kept_the_one_before() {
    let before = file(1, 2, &[1, 2, 3]);
    let next = text(2, 2, &[1, 2, 3]);
    assert!(is_new(&after(&before, &next, &[1, 3])));
    assert!(is_new(&after(&before, &next, &[9, 1, 2, 8])));
    for by in [&[1][..], &[1, 1], &[1, 9], &[8, 9], &[]] {
        let refused = after(&before, &next, by);
        assert!(matches!(refused, Err(TrustError::Threshold { found: 0 | 1, .. })), "{by:?}");
    }
    // The pins of the configuration are for the first file only.
    let signatures = signed(next.as_bytes(), &[8, 9]);
    let pins = pins(1, &[8, 9]);
    let refused = accept(Some(&before), Some(&pins), "x", next.as_bytes(), &signatures, june());
    assert!(matches!(refused, Err(TrustError::Threshold { .. })), "{refused:?}");
}

#[test]
fn maintainers_are_replaced_by_those_before_and_those_after() {
    let before = file(1, 2, &[1, 2, 3]);
    let next = text(2, 2, &[4, 5, 6]);
    assert!(is_new(&after(&before, &next, &[1, 2, 4, 5])));
    // New keys that nobody has would lock everybody out.
    let refused = after(&before, &next, &[1, 2, 3]);
    assert!(
        matches!(&refused, Err(TrustError::Threshold { whose, found: 0, expected: 2 })
            if whose.contains("own")),
        "{refused:?}"
    );
    let refused = after(&before, &next, &[4, 5, 6, 1]);
    assert!(matches!(refused, Err(TrustError::Threshold { found: 1, .. })), "{refused:?}");
    // Those who were replaced have no say in the third.
    let second = file(2, 2, &[4, 5, 6]);
    let refused = after(&second, &text(3, 2, &[1, 2, 3]), &[1, 2, 3]);
    assert!(matches!(refused, Err(TrustError::Threshold { .. })), "{refused:?}");
    // A threshold is lowered only by as many as it asked for before.
    let lowered = text(2, 1, &[1, 2, 3]);
    assert!(after(&before, &lowered, &[1]).is_err());
    assert!(is_new(&after(&before, &lowered, &[1, 2])));
}

#[test]
fn trust_is_not_rolled_back_forked_or_moved() {
    let before = file(5, 1, &[1]);
    assert_eq!(after(&before, &text(5, 1, &[1]), &[]), Ok(Acceptance::Same));
    let rollback = after(&before, &text(4, 1, &[1]), &[1]);
    assert!(matches!(rollback, Err(TrustError::Rollback { found: 4, newest: 5, .. })));
    let other = text(5, 1, &[1]).replace("\"SG\"", "\"TH\"");
    assert!(matches!(after(&before, &other, &[1]), Err(TrustError::Fork { sequence: 5, .. })));
    let moved = text(6, 1, &[1]).replace("asean-trade", "gulf-trade");
    assert!(matches!(after(&before, &moved, &[1]), Err(TrustError::Dataspace { .. })));
    assert!(is_new(&after(&before, &text(900, 1, &[1]), &[1])));
}

#[test]
fn a_file_is_taken_only_while_it_holds() {
    let text = text(1, 1, &[1]);
    let signatures = signed(text.as_bytes(), &[1]);
    let pins = pins(1, &[1]);
    let when = |now| accept(None, Some(&pins), "trust.toml", text.as_bytes(), &signatures, at(now));
    assert!(matches!(when("2025-12-31T23:59:59Z"), Err(TrustError::NotYet { .. })));
    assert!(is_new(&when("2026-01-01T00:00:00Z")));
    assert!(is_new(&when("2026-12-31T23:59:59Z")));
    assert!(matches!(when("2027-01-01T00:00:00Z"), Err(TrustError::Over { .. })));
}

#[test]
fn a_forged_signature_spoils_the_good_ones() {
    let text = text(1, 1, &[1, 2]);
    let mut signatures = signed(text.as_bytes(), &[1]);
    signatures.extend(signed(b"a draft", &[2]));
    let refused = accept(None, Some(&pins(1, &[1, 2])), "x", text.as_bytes(), &signatures, june());
    assert!(
        matches!(refused, Err(TrustError::Signature(SignatureError::Invalid { .. }))),
        "{refused:?}"
    );
}

#[test]
fn no_flipped_bit_of_a_file_or_its_signatures_is_accepted() {
    let text = text(1, 2, &[1, 2]);
    let bytes = text.as_bytes();
    let signatures = signed(bytes, &[1, 2]);
    let pins = pins(2, &[1, 2]);
    let before = file(1, 2, &[1, 2]);
    for place in 0..bytes.len() {
        for bit in [0x01, 0x20, 0x80] {
            let mut flipped = bytes.to_vec();
            flipped[place] ^= bit;
            let first = accept(None, Some(&pins), "x", &flipped, &signatures, june());
            assert!(first.is_err(), "{place}: {first:?}");
            let next = accept(Some(&before), Some(&pins), "x", &flipped, &signatures, june());
            assert!(next.is_err(), "{place}: {next:?}");
        }
    }
    let beside = super::lines(&signatures);
    for place in 0..beside.len() {
        let mut flipped = beside.clone().into_bytes();
        flipped[place] ^= 0x01;
        let Ok(flipped) = String::from_utf8(flipped) else { continue };
        let Ok(read) = TrustSignature::read_all(&flipped) else { continue };
        if read != signatures {
            let refused = accept(None, Some(&pins), "x", bytes, &read, june());
            assert!(refused.is_err(), "{place}: {refused:?}");
        }
    }
}
