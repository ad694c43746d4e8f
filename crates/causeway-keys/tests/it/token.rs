//! The store in a token, with SoftHSM as the token. Its library reads one configuration a process,
//! so every test runs in a process of its own, with a directory of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin as Pinned;
use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use causeway_dcp::jwk::Algorithm;
use causeway_keys::suite::Bench;
use causeway_keys::{
    KeyFault, KeyName, KeyStore, Pin, Purpose, Rotation, TokenSettings, TokenStore, compact,
};
use causeway_types::Timestamp;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;

/// Where the process of a test finds its directory.
const DIRECTORY: &str = "CAUSEWAY_TEST_TOKEN";
const LABEL: &str = "causeway test";
const PIN: &str = "canary-pin-4711";

/// Where distributions put the library.
const MODULES: [&str; 5] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
];

struct Token {
    directory: PathBuf,
}

#[async_trait]
impl Bench for Token {
    async fn open(&self) -> Result<Arc<dyn KeyStore>, KeyFault> {
        Ok(Arc::new(self.opened(PIN)?))
    }
}

impl Token {
    fn opened(&self, pin: &str) -> Result<TokenStore, KeyFault> {
        let settings = || TokenSettings {
            module: module(),
            label: LABEL.to_owned(),
            pin: Pin::new(pin).expect("a pin"),
        };
        match TokenStore::create(&self.directory, settings()) {
            Err(KeyFault::Present { .. }) => TokenStore::open(&self.directory, settings()),
            made => made,
        }
    }

    async fn with_a_key(&self) -> (TokenStore, KeyName) {
        let store = self.opened(PIN).expect("a store");
        let made = store.generate(Purpose::Identity, Algorithm::Es256, now()).await;
        (store, made.expect("a key").name)
    }

    fn file(&self) -> PathBuf {
        self.directory.join("keys.pkcs11.json")
    }

    fn tokens(&self) -> PathBuf {
        self.directory.join("tokens")
    }
}

fn module() -> PathBuf {
    let found = MODULES.iter().map(Path::new).find(|path| path.exists());
    found.expect("the library of SoftHSM").to_owned()
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T08:00:00Z").expect("a time")
}

/// Another program's session with the same token; in one process, they share the login.
fn another_session() -> Session {
    let context = Pkcs11::new(module()).expect("the library");
    // The store has done so already.
    let _ = context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let slot = context
        .get_slots_with_initialized_token()
        .expect("slots")
        .into_iter()
        .next()
        .expect("the token");
    context.open_rw_session(slot).expect("a session")
}

type Test = fn(&dyn Bench) -> Pinned<Box<dyn Future<Output = ()> + '_>>;

fn run(name: &str, test: Test) {
    in_a_process(name, |token| block_on(test(&token)));
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    runtime.expect("a runtime").block_on(future)
}

/// Runs a test in a process that has a token of its own.
fn in_a_process(name: &str, test: impl FnOnce(Token)) {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return test(Token { directory: directory.into() });
    }
    let directory = tempfile::tempdir().expect("a directory");
    let token = Token { directory: directory.path().to_owned() };
    fs::create_dir(token.tokens()).expect("a directory");
    let configuration = directory.path().join("softhsm2.conf");
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        token.tokens().display()
    );
    fs::write(&configuration, text).expect("a configuration");
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "so-pin-0815"])
        .env("SOFTHSM2_CONF", &configuration)
        .output()
        .expect("softhsm2-util");
    assert!(made.status.success(), "{made:?}");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", &format!("token::{name}"), "--nocapture"])
        .env("SOFTHSM2_CONF", &configuration)
        .env(DIRECTORY, directory.path())
        .output()
        .expect("a process");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("1 passed"), "the test ran: {said}");
    assert!(!said.contains(PIN) && !complained.contains(PIN), "the pin was said");
}

causeway_keys::each_of_the_suite!(run);

/// Checks what is answered, by the first line of its text.
fn refused<T>(result: Result<T, KeyFault>, expected: &str) {
    match result {
        Ok(_) => panic!("expected {expected:?}, and it was done"),
        Err(fault) => {
            assert_eq!(fault.to_string().lines().next(), Some(expected));
            assert!(!format!("{fault:?}{fault}").contains(PIN));
        }
    }
}

#[test]
fn a_session_that_was_ended_is_opened_again() {
    in_a_process("a_session_that_was_ended_is_opened_again", |token| {
        block_on(async {
            let (store, key) = token.with_a_key().await;
            // Ending the login of one session ends that of every session of the process.
            another_session().logout().expect("the end of the login");
            let public = store.list().remove(0).public;
            for _ in 0..3 {
                let signature = store.sign(&key, b"message").await.expect("a signature");
                public.verify(Algorithm::Es256, b"message", &signature).expect("the right key");
            }
        });
    });
}

#[test]
fn a_token_that_went_away_is_named_and_used_again_when_it_is_back() {
    in_a_process("a_token_that_went_away_is_named_and_used_again_when_it_is_back", |token| {
        block_on(async {
            let (store, key) = token.with_a_key().await;
            let away = token.directory.join("away");
            fs::rename(token.tokens(), &away).expect("the token is away");
            let fault = store.sign(&key, b"message").await.expect_err("nothing to sign with");
            let text = fault.to_string();
            assert!(text.starts_with("sign with the token \"causeway test\": "), "{text}");
            assert!(matches!(fault, KeyFault::Token { .. }), "{text}");
            fs::rename(&away, token.tokens()).expect("the token is back");
            let signature = store.sign(&key, b"message").await.expect("a signature");
            let public = store.list().remove(0).public;
            public.verify(Algorithm::Es256, b"message", &signature).expect("the right key");
        });
    });
}

#[test]
fn a_wrong_pin_is_tried_once() {
    in_a_process("a_wrong_pin_is_tried_once", |token| {
        let expected = "log in to the token \"causeway test\": the pin is refused: it is not that \
                        of the token's user";
        refused(token.opened("canary-pin-4712"), expected);
        assert!(!token.file().exists(), "nothing was taken");
        block_on(async {
            let (store, key) = token.with_a_key().await;
            drop(store);
            refused(token.opened("canary-pin-4712"), expected);
            let store = token.opened(PIN).expect("a store");
            store.sign(&key, b"message").await.expect("a signature");
        });
    });
}

#[test]
fn a_library_or_token_that_is_not_there_is_named() {
    in_a_process("a_library_or_token_that_is_not_there_is_named", |token| {
        let open = |module: PathBuf, label: &str| {
            let pin = Pin::new(PIN).expect("a pin");
            let settings = TokenSettings { module, label: label.to_owned(), pin };
            TokenStore::create(&token.directory, settings)
        };
        let doing = "look into the token";
        refused(
            open(module(), "another"),
            &format!(
                "{doing} \"another\": found the tokens \"causeway test\", and none of that label"
            ),
        );
        let fault = open("/nowhere.so".into(), LABEL).err().expect("no library").to_string();
        assert!(fault.starts_with("look into the token \"causeway test\": load /nowhere.so: "));
    });
}

#[test]
fn no_private_half_can_be_read_out_of_the_token() {
    in_a_process("no_private_half_can_be_read_out_of_the_token", |token| {
        block_on(async {
            let store = token.opened(PIN).expect("a store");
            store.generate(Purpose::Identity, Algorithm::Es256, now()).await.expect("a key");
            store.generate(Purpose::Access, Algorithm::EdDsa, now()).await.expect("a key");
            let session = another_session();
            let private = session
                .find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)])
                .expect("the private halves");
            assert_eq!(private.len(), 2);
            for handle in private {
                let wanted = [
                    AttributeType::Sensitive,
                    AttributeType::Extractable,
                    AttributeType::NeverExtractable,
                    AttributeType::Value,
                ];
                let read = session.get_attributes(handle, &wanted).expect("attributes");
                // `Value` is left out, because the token does not say it.
                assert_eq!(
                    read,
                    [
                        Attribute::Sensitive(true),
                        Attribute::Extractable(false),
                        Attribute::NeverExtractable(true)
                    ]
                );
            }
        });
    });
}

#[test]
fn the_private_half_of_a_retired_key_is_erased_in_the_token() {
    in_a_process("the_private_half_of_a_retired_key_is_erased_in_the_token", |token| {
        block_on(async {
            let (store, old) = token.with_a_key().await;
            let count = |session: &Session| {
                let all = session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)]);
                all.expect("the private halves").len()
            };
            let rotation = Rotation::of(Purpose::Identity);
            let next = store.rotate(Purpose::Identity, rotation, now()).await.expect("a key").name;
            let session = another_session();
            assert_eq!(count(&session), 2);
            store.retire(&old, now()).await.expect("the next one");
            assert_eq!(count(&session), 1);
            store.sign(&next, b"message").await.expect("a signature");
            let unused = store.rotate(Purpose::Identity, rotation, now()).await.expect("a key");
            store.destroy(&unused.name, now()).await.expect("its end");
            assert_eq!(count(&session), 1);
            let file = fs::read_to_string(token.file()).expect("the file");
            assert!(file.contains("\"doomed\": []"), "{file}");
        });
    });
}

#[test]
fn a_token_without_its_file_is_not_taken_for_a_new_one() {
    in_a_process("a_token_without_its_file_is_not_taken_for_a_new_one", |token| {
        block_on(async {
            drop(token.with_a_key().await);
            let file = fs::read_to_string(token.file()).expect("the file");
            fs::remove_file(token.file()).expect("the file is lost");
            refused(
                token.opened(PIN),
                &format!(
                    "take the token \"causeway test\": a node has keys in it, and {} is missing",
                    token.file().display()
                ),
            );
            // A key does not change its purpose by a word in a file.
            fs::write(token.file(), file.replace("\"identity\"", "\"issuer\"")).expect("a file");
            chmod(&token.file());
            refused(
                token.opened(PIN),
                &format!(
                    "read {}: it is damaged: what it holds is no list of keys",
                    token.file().display()
                ),
            );
        });
    });
}

#[test]
fn a_key_that_another_program_erased_or_exchanged_is_missed_at_once() {
    in_a_process("a_key_that_another_program_erased_or_exchanged_is_missed_at_once", |token| {
        block_on(async {
            let (store, key) = token.with_a_key().await;
            store.generate(Purpose::Issuer, Algorithm::Es256, now()).await.expect("a key");
            drop(store);
            let file = fs::read_to_string(token.file()).expect("the file");
            let json: serde_json::Value = serde_json::from_str(&file).expect("json");
            let id = |index: usize| json["keys"][index]["id"].as_str().expect("an id").to_owned();
            // Both keys are in the token, each under the name of the other.
            let exchanged =
                file.replace(&id(0), "-").replace(&id(1), &id(0)).replace("\"-\"", &quoted(id(1)));
            fs::write(token.file(), exchanged).expect("a file");
            refused(
                token.opened(PIN),
                &format!(
                    "read {}: it is damaged: a key in the token is another one",
                    token.file().display()
                ),
            );
            fs::write(token.file(), &file).expect("a file");
            let session = another_session();
            let pin = AuthPin::new(PIN.into());
            session.login(UserType::User, Some(&pin)).expect("a login");
            let all = session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)]);
            for handle in all.expect("the private halves") {
                session.destroy_object(handle).expect("its end");
            }
            drop(session);
            refused(
                token.opened(PIN),
                &format!("find the key {key} in the token \"causeway test\": it is not there"),
            );
        });
    });
}

fn quoted(text: String) -> String {
    format!("\"{text}\"")
}

/// The file keeps its permissions when it is written over; a new one does not have them.
fn chmod(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("permissions");
}

#[test]
fn many_ask_at_once_and_each_gets_its_signature() {
    in_a_process("many_ask_at_once_and_each_gets_its_signature", |token| {
        block_on(async {
            let (store, key) = token.with_a_key().await;
            let store = Arc::new(store);
            let mut tasks = Vec::new();
            for number in 0..64_u32 {
                let (store, key) = (Arc::clone(&store), key.clone());
                tasks.push(tokio::spawn(async move {
                    let message = number.to_string();
                    (store.sign(&key, message.as_bytes()).await.expect("a signature"), message)
                }));
            }
            let public = store.list().remove(0).public;
            for task in tasks {
                let (signature, message) = task.await.expect("a task");
                let verified = public.verify(Algorithm::Es256, message.as_bytes(), &signature);
                verified.expect("its own signature");
            }
            assert_eq!(store.uses(&key), 64);
            let none = compact::<KeyFault>(&*store, Purpose::Access, |_| unreachable!()).await;
            refused(none, "find the key for access: none is active");
        });
    });
}
