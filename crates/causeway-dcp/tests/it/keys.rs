//! Keys: test vectors of the RFCs, every algorithm there and back, and keys that are refused.

use causeway_dcp::jwk::{Algorithm, KeyError, PublicKey};
use causeway_dcp::testing::TestKey;
use serde_json::{Map, Value, json};

use super::HOLDER;

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// RFC 7638 §3.1.
fn rsa_of_the_rfc() -> Value {
    json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1\
              L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4\
              QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO\
              pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF\
              Cur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    })
}

#[test]
fn thumbprints_are_those_of_the_rfcs() {
    let rsa = PublicKey::from_jwk(&object(rsa_of_the_rfc())).unwrap();
    assert_eq!(rsa.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    // RFC 8037 §A.3.
    let jwk = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let ed25519 = PublicKey::from_jwk(&object(jwk)).unwrap();
    assert_eq!(ed25519.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_key_is_read_back_as_it_was_written() {
    for algorithm in Algorithm::ALL {
        let key = TestKey::with(HOLDER, "k", algorithm).public();
        let read = PublicKey::from_jwk(&key.to_jwk()).unwrap();
        assert_eq!(read, key, "{algorithm}");
        assert_eq!(read.thumbprint(), key.thumbprint());
    }
}

#[test]
fn a_signature_is_accepted_by_exactly_its_key_text_and_algorithm() {
    let text = b"causeway";
    for algorithm in Algorithm::ALL {
        let (key, other) =
            (TestKey::with(HOLDER, "k", algorithm), TestKey::with(HOLDER, "k", algorithm));
        let signature = key.sign(text);
        assert_eq!(key.public().verify(algorithm, text, &signature), Ok(()), "{algorithm}");
        assert_eq!(
            other.public().verify(algorithm, text, &signature),
            Err(KeyError::Signature),
            "{algorithm}"
        );
        assert_eq!(
            key.public().verify(algorithm, b"Causeway", &signature),
            Err(KeyError::Signature)
        );
        for wrong in Algorithm::ALL.into_iter().filter(|wrong| *wrong != algorithm) {
            assert!(key.public().verify(wrong, text, &signature).is_err(), "{algorithm} {wrong}");
        }
        for bit in 0..signature.len() * 8 {
            let mut flipped = signature.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(key.public().verify(algorithm, text, &flipped).is_err(), "{algorithm} {bit}");
        }
    }
}

#[test]
fn a_key_that_names_its_algorithm_is_used_for_no_other() {
    let key = TestKey::with(HOLDER, "k", Algorithm::Ps256);
    let mut jwk = key.public().to_jwk();
    jwk.insert("alg".to_owned(), "RS256".into());
    let bound = PublicKey::from_jwk(&jwk).unwrap();
    assert_eq!(bound.algorithm(), Algorithm::Rs256);
    assert_eq!(
        bound.verify(Algorithm::Ps256, b"text", &key.sign(b"text")),
        Err(KeyError::Algorithm { found: Algorithm::Ps256 })
    );
}

#[test]
fn the_ecdsa_vector_of_rfc_7515_is_verified() {
    // RFC 7515 §A.3: the key, the signing input and the signature.
    let jwk = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9l\
                eGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = decode(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    );
    let key = PublicKey::from_jwk(&object(jwk)).unwrap();
    assert_eq!(key.verify(Algorithm::Es256, text.as_bytes(), &signature), Ok(()));
}

#[test]
fn the_ed25519_vector_of_rfc_8037_is_verified() {
    // RFC 8037 §A.4.
    let jwk = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = decode(
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    );
    let key = PublicKey::from_jwk(&object(jwk)).unwrap();
    assert_eq!(key.verify(Algorithm::EdDsa, text.as_bytes(), &signature), Ok(()));
}

#[test]
fn signatures_of_openssl_are_verified() {
    let file: Value = serde_json::from_str(include_str!("../vectors/openssl.json")).unwrap();
    let text = file["text"].as_str().unwrap().as_bytes();
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), Algorithm::ALL.len());
    for vector in vectors {
        let algorithm = Algorithm::parse(vector["algorithm"].as_str().unwrap()).unwrap();
        let key = PublicKey::from_jwk(&object(vector["key"].clone())).unwrap();
        let mut signature = decode(vector["signature"].as_str().unwrap());
        assert_eq!(key.verify(algorithm, text, &signature), Ok(()), "{algorithm}");
        signature[7] ^= 1;
        assert_eq!(key.verify(algorithm, text, &signature), Err(KeyError::Signature));
    }
}

fn decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn check(change: impl FnOnce(&mut Map<String, Value>), expectation: &str) {
    let mut jwk = TestKey::new(HOLDER).public().to_jwk();
    change(&mut jwk);
    let found = PublicKey::from_jwk(&jwk).map_or_else(|error| error.to_string(), |_| String::new());
    assert!(found.contains(expectation), "{jwk:?}: {found}");
    assert_eq!(found.is_empty(), expectation.is_empty());
}

fn set(name: &'static str, value: Value) -> impl FnOnce(&mut Map<String, Value>) {
    move |jwk| {
        jwk.insert(name.to_owned(), value);
    }
}

#[test]
fn a_jwk_is_refused_for_what_is_wrong_with_it() {
    check(|_| (), "");
    check(set("use", json!("sig")), "");
    check(set("use", json!("enc")), "not for signatures");
    check(set("key_ops", json!(["verify"])), "");
    check(set("key_ops", json!(["sign"])), "not for signatures");
    check(set("alg", json!("ES256")), "");
    check(set("alg", json!("ES384")), "`alg`".trim_matches('`'));
    check(set("alg", json!("HS256")), "alg");
    check(set("alg", json!(7)), "alg");
    check(set("d", json!("AAAA")), "private part");
    check(set("kty", json!("oct")), "found \"oct");
    check(set("crv", json!("secp256k1")), "secp256k1");
    check(set("crv", json!("P-384")), "\"x\"");
    check(set("x", json!(1)), "\"x\"");
    check(set("x", json!("AAAA")), "\"x\"");
    check(set("y", json!("_".repeat(43))), "\"y\"");
    check(set("y", json!(format!("{}8", "_".repeat(42)))), "no point of the curve");
    check(
        |jwk| {
            jwk.remove("y");
        },
        "\"y\"",
    );
}

#[test]
fn rsa_keys_of_odd_sizes_and_exponents_are_refused() {
    let good = vec![0xffu8; 256];
    assert!(PublicKey::rsa(&good, &[1, 0, 1]).is_ok());
    assert!(PublicKey::rsa(&good, &[3]).is_ok());
    assert_eq!(PublicKey::rsa(&good[1..], &[3]), Err(KeyError::Bits { found: 2040 }));
    assert_eq!(PublicKey::rsa(&vec![0xff; 1025], &[3]), Err(KeyError::Bits { found: 8200 }));
    let refused: [(&[u8], &[u8]); 6] = [
        (&good, &[1]),
        (&good, &[2]),
        (&good, &[]),
        (&good, &[0, 3]),
        (&good, &[1, 0, 0, 0, 1]),
        (&[&[0], good.as_slice()].concat(), &[3]),
    ];
    for (modulus, exponent) in refused {
        assert_eq!(PublicKey::rsa(modulus, exponent), Err(KeyError::Numbers), "{exponent:?}");
    }
    assert_eq!(PublicKey::rsa(&[], &[3]), Err(KeyError::Bits { found: 0 }));
    let mut even = good.clone();
    even[255] = 0xfe;
    assert_eq!(PublicKey::rsa(&even, &[3]), Err(KeyError::Numbers));
}

#[test]
fn multikeys_are_those_of_the_specifications() {
    // did:key 0.9 and the Multikey examples: one key in both spellings.
    let ed25519 =
        PublicKey::from_multibase("z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK").unwrap();
    assert_eq!(ed25519.algorithm(), Algorithm::EdDsa);
    let p256 = "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv";
    assert_eq!(PublicKey::from_multibase(p256).unwrap().algorithm(), Algorithm::Es256);
    let p384 = "z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9";
    assert_eq!(PublicKey::from_multibase(p384).unwrap().algorithm(), Algorithm::Es384);
    for text in ["", "z", "6Mkha", "z0OIl", "mAAAA", "z6Mkha", &format!("z{}", "1".repeat(500))] {
        assert!(PublicKey::from_multibase(text).is_err(), "{text}");
    }
}

#[test]
fn a_compressed_point_is_the_same_key() {
    let key = TestKey::new(HOLDER).public();
    let jwk = key.to_jwk();
    let (x, y) = (decode(jwk["x"].as_str().unwrap()), decode(jwk["y"].as_str().unwrap()));
    let mut bytes = vec![0x80, 0x24, 2 + y[31] % 2];
    bytes.extend(x);
    assert_eq!(PublicKey::from_multibase(&format!("z{}", base58(&bytes))).unwrap(), key);
}

/// The reverse of what is read, from least significant digit on.
fn base58(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut digits: Vec<usize> = Vec::new();
    for byte in bytes {
        let mut carry = usize::from(*byte);
        for digit in &mut digits {
            carry += *digit * 256;
            *digit = carry % 58;
            carry /= 58;
        }
        while carry > 0 {
            digits.push(carry % 58);
            carry /= 58;
        }
    }
    digits.iter().rev().map(|digit| char::from(ALPHABET[*digit])).collect()
}
