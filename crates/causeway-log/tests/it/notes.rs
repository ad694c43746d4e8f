//! Notes, keys and checkpoints: what is read is written with the same bytes, and nothing looser.

use causeway_log::cosignature::{message, split};
use causeway_log::{
    Algorithm, Checkpoint, CheckpointError, KeyName, Note, NoteError, NoteSignature, VerifierKey,
    VkeyError, leaf_hash,
};
use causeway_types::limits::{NOTE_BYTES_MAX, NOTE_KEY_NAME_BYTES_MAX, NOTE_SIGNATURES_MAX};

use crate::support::Signer;

const ORIGIN: &str = "did:web:node.example%3A8443";

#[test]
fn a_checkpoint_is_signed_cosigned_read_and_written_with_the_same_bytes() {
    let (log, witness) = (Signer::log(ORIGIN, 1), Signer::witness("did:web:w.example/witness", 2));
    let root = leaf_hash(b"a");
    let note = log.note(7, root);
    let note = note.with(&[witness.cosign(1_700_000_000, note.text())]).unwrap();
    let bytes = note.encode();
    let again = Note::parse(bytes.as_bytes()).unwrap();
    assert_eq!(again, note);
    assert_eq!(again.encode(), bytes);
    let checkpoint = Checkpoint::open(&again, &log.key).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.size()), (ORIGIN, 7));
    assert_eq!(checkpoint.root(), root);
    assert_eq!(again.verify([&log.key, &witness.key]).unwrap(), [&log.key, &witness.key]);
    assert_eq!(again.cosigned_at(&witness.key), Some(1_700_000_000));
    assert_eq!(again.cosigned_at(&log.key), None);
}

#[test]
fn any_flipped_bit_of_a_signed_checkpoint_is_noticed() {
    let (log, witness) = (Signer::log(ORIGIN, 1), Signer::witness("w", 2));
    let note = log.note(7, leaf_hash(b"a"));
    let bytes = note.with(&[witness.cosign(5, note.text())]).unwrap().encode().into_bytes();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let accepted = Note::parse(&changed).is_ok_and(|note| {
                let both = [&log.key, &witness.key];
                note.verify(both).is_ok_and(|signers| signers.len() == 2)
            });
            assert!(!accepted, "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn a_signature_of_a_known_key_that_is_not_valid_refuses_the_note() {
    let (log, other) = (Signer::log(ORIGIN, 1), Signer::log(ORIGIN, 3));
    let text = log.note(7, leaf_hash(b"a")).text().to_owned();
    let forged = NoteSignature::new(&log.key, other.raw(text.as_bytes()).to_vec());
    let note = Note::new(text.clone(), vec![forged]).unwrap();
    let name = log.key.name().clone();
    assert_eq!(note.verify([&log.key]), Err(NoteError::Invalid { name }));
    assert_eq!(note.verify([&other.key]), Err(NoteError::Unsigned));
    let beside = note.with(&[other.sign(&text)]).unwrap();
    assert!(beside.verify([&other.key]).is_ok(), "an unknown key's line is passed over");
    assert!(beside.verify([&other.key, &log.key]).is_err());
}

#[test]
fn a_checkpoint_of_another_origin_than_the_keys_name_is_refused() {
    let log = Signer::log(ORIGIN, 1);
    let text = Checkpoint::new("did:web:other", 7, leaf_hash(b"a")).unwrap().note_text();
    let note = Note::new(text.clone(), vec![log.sign(&text)]).unwrap();
    let refused = Checkpoint::open(&note, &log.key);
    assert!(matches!(refused, Err(CheckpointError::Origin { .. })), "{refused:?}");
}

#[test]
fn sixteen_signatures_with_post_quantum_sizes_are_read_and_too_many_are_not() {
    let log = Signer::log(ORIGIN, 1);
    let text = log.note(7, leaf_hash(b"a")).text().to_owned();
    let wide = |seed| NoteSignature::new(&Signer::witness("w", seed).key, vec![seed; 2428]);
    let mut signatures: Vec<NoteSignature> = (2..17).map(wide).collect();
    signatures.push(log.sign(&text));
    let note = Note::new(text.clone(), signatures).unwrap();
    let again = Note::parse(note.encode().as_bytes()).unwrap();
    assert!(Checkpoint::open(&again, &log.key).is_ok());

    let line = log.sign(&text);
    let many = vec![line.clone(); NOTE_SIGNATURES_MAX + 1];
    assert_eq!(Note::new(text.clone(), many), Err(NoteError::Signatures));
    let written = format!("{text}\n{}", line.line().repeat(NOTE_SIGNATURES_MAX + 1));
    assert_eq!(Note::parse(written.as_bytes()), Err(NoteError::Signatures));
    let long = vec![b'a'; NOTE_BYTES_MAX + 1];
    assert_eq!(Note::parse(&long), Err(NoteError::Long { found: NOTE_BYTES_MAX + 1 }));
}

#[test]
fn texts_that_are_no_notes_are_refused() {
    let line = Signer::log("log", 1).sign("text\n").line();
    let accepted = format!("text\n\n{line}");
    assert!(Note::parse(accepted.as_bytes()).is_ok());
    let deep = format!("one\n\n\u{2014} no signature\n\n{line}");
    assert_eq!(Note::parse(deep.as_bytes()).unwrap().text(), "one\n\n\u{2014} no signature\n");
    let refused = [
        String::new(),
        "text\n".to_owned(),
        "text\n\n".to_owned(),
        format!("text\n{line}"),
        accepted.trim_end().to_owned(),
        format!("text\r\n\n{line}"),
        format!("te\txt\n\n{line}"),
        format!("te\0xt\n\n{line}"),
        format!("{accepted}\n"),
        format!("{accepted}trailing\n"),
        accepted.replace("\u{2014} ", "- "),
        accepted.replace("\u{2014} log ", "\u{2014} lo+g "),
        accepted.replace("\u{2014} log ", "\u{2014}  "),
        accepted.replace("\u{2014} log ", "\u{2014} lo\u{a0}g "),
        accepted.replace("\u{2014} log ", "\u{2014} log  "),
        accepted.replace('=', ""),
        "text\n\n\u{2014} log AAAA\n".to_owned(),
    ];
    for note in refused {
        assert!(Note::parse(note.as_bytes()).is_err(), "{note:?}");
    }
    assert_eq!(Note::parse(b"te\xffxt\n\n"), Err(NoteError::Characters));
}

#[test]
fn texts_that_are_no_checkpoints_are_refused() {
    let root = leaf_hash(b"a").to_base64();
    let accepted = format!("o\n7\n{root}\n");
    assert_eq!(Checkpoint::parse(&accepted).unwrap().note_text(), accepted);
    let extended = format!("{accepted}more\n");
    let checkpoint = Checkpoint::parse(&extended).unwrap();
    assert_eq!(checkpoint.extensions(), ["more"]);
    assert_eq!(checkpoint.note_text(), extended);
    let refused = [
        String::new(),
        format!("o\n7\n{root}"),
        format!("\n7\n{root}\n"),
        format!("o\n07\n{root}\n"),
        format!("o\n+7\n{root}\n"),
        format!("o\n-7\n{root}\n"),
        format!("o\n\n{root}\n"),
        format!("o\n9223372036854775808\n{root}\n"),
        format!("o\n7\n{root}\n\n"),
        format!("o\n7\n{}\n", &root[..40]),
        format!("o\n7\n{root}AAAA\n"),
        format!("o\n7\n{}\n", root.replace('=', "")),
        "o\n7\n".to_owned(),
    ];
    for text in refused {
        assert!(Checkpoint::parse(&text).is_err(), "{text:?}");
    }
    assert!(Checkpoint::new("", 0, leaf_hash(b"a")).is_err());
    assert!(Checkpoint::new("a\nb", 0, leaf_hash(b"a")).is_err());
}

#[test]
fn keys_are_read_in_one_form_only_and_say_why_otherwise() {
    let key = Signer::witness("did:web:w.example%3A1/witness", 2).key;
    let text = key.to_string();
    assert_eq!(text.parse(), Ok(key.clone()));
    let check = |text: &str, expected: &VkeyError| {
        assert_eq!(text.parse::<VerifierKey>().as_ref(), Err(expected), "{text}");
    };
    check("", &VkeyError::Form);
    check("name+00000000", &VkeyError::Form);
    check(&text.replace('+', "-"), &VkeyError::Form);
    check(&format!("{text} "), &VkeyError::Form);
    check(&format!("+{text}"), &VkeyError::Name);
    let id = format!("{:08x}", key.id());
    let wrong = VkeyError::Id { found: key.id() ^ 1, expected: key.id() };
    check(&text.replace(&id, &format!("{:08x}", key.id() ^ 1)), &wrong);
    check("n+00000000+BgAA", &VkeyError::MlDsa44);
    check("n+00000000+CQAA", &VkeyError::Algorithm { found: 9 });
    check("n+00000000+AQAA", &VkeyError::Length { found: 2 });
    assert!(KeyName::new("a".repeat(NOTE_KEY_NAME_BYTES_MAX)).is_ok());
    let refused =
        ["", "a b", "a+b", "a\nb", "a\u{2003}b", &"a".repeat(NOTE_KEY_NAME_BYTES_MAX + 1)];
    for name in refused {
        assert_eq!(KeyName::new(name), Err(VkeyError::Name));
    }
}

/// The key that the specification of the Go checksum database publishes.
#[test]
fn a_key_of_another_make_has_the_id_that_it_says() {
    let text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    let key: VerifierKey = text.parse().unwrap();
    assert_eq!(key.algorithm(), Algorithm::Ed25519);
    assert_eq!(key.to_string(), text);
}

#[test]
fn a_cosignature_is_of_one_time_and_one_text() {
    let witness = Signer::witness("w", 2);
    let line = witness.cosign(5, "o\n1\nx\n");
    assert_eq!(split(line.bytes()).map(|(at, _)| at), Some(5));
    assert!(witness.key.verifies("o\n1\nx\n", line.bytes()));
    assert!(!witness.key.verifies("o\n2\nx\n", line.bytes()));
    let mut later = line.bytes().to_vec();
    later[7] = 6;
    assert!(!witness.key.verifies("o\n1\nx\n", &later));
    later[0] = 0x80;
    assert_eq!(split(&later), None, "a time above 2^63 - 1");
    assert_eq!(split(&later[..71]), None);
    assert_eq!(message(5, "o\n"), b"cosignature/v1\ntime 5\no\n");
    let log = Signer::log("w", 2);
    assert!(!log.key.verifies("o\n1\nx\n", &log.raw(&message(5, "o\n1\nx\n"))));
    assert_eq!(causeway_log::cosignature::signature(&log.key, 5, &[0; 64]), None);
}
