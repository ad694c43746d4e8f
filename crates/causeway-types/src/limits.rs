//! Everything has a limit, and the limit has a name. Units and bounds come last in the name.

/// Longest id of any kind, in bytes.
pub const ID_BYTES_MAX: usize = 1024;
/// Longest URL read from a peer or an operator, in bytes.
pub const URL_BYTES_MAX: usize = 2048;
/// Largest protocol message accepted or sent, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting of a protocol message.
pub const MESSAGE_DEPTH_MAX: usize = 32;
/// Most members of all arrays and objects of one protocol message together.
pub const MESSAGE_NODES_MAX: usize = 10_000;
/// Largest answer of a peer that is read (a catalog page is the largest), in bytes.
pub const PEER_RESPONSE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most members of all arrays and objects of one answer of a peer together.
pub const PEER_RESPONSE_NODES_MAX: usize = 200_000;
/// Largest JSON body of the management API, in bytes.
pub const API_BODY_BYTES_MAX: usize = 1024 * 1024;
/// Longest title or description in one language, in bytes.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// Most languages of one text.
pub const TEXT_LANGUAGES_MAX: usize = 64;
/// Most rules in a policy, over permissions, prohibitions, obligations and duties.
pub const POLICY_RULES_MAX: usize = 200;
/// Most constraints in a policy, nested ones included.
pub const POLICY_CONSTRAINTS_MAX: usize = 500;
/// Most rules in a policy that is evaluated, once each is about one action, target and assignee.
pub const POLICY_EVALUATED_RULES_MAX: usize = 1_000;
/// Most constraints in a policy that is evaluated, refinements and nested ones included.
pub const POLICY_EVALUATED_CONSTRAINTS_MAX: usize = 4_000;
/// Longest chain of policies that inherit from each other.
pub const POLICY_INHERITANCE_DEPTH_MAX: usize = 16;
/// Longest chain of terms of a hierarchy, each part of the next, that is followed.
pub const HIERARCHY_STEPS_MAX: usize = 10_000;
/// Longest text of a number in a policy, in bytes.
pub const NUMBER_BYTES_MAX: usize = 128;
/// Most significant digits of a number in a policy.
pub const NUMBER_DIGITS_MAX: usize = 100;
/// Most entries of a message's `@context`, inline prefix declarations included.
pub const CONTEXT_ENTRIES_MAX: usize = 64;
/// Most message ids a process remembers to recognise repeated messages.
pub const RECEIVED_IDS_MAX: usize = 32;
/// Most counter-offers, of both sides together, before a negotiation takes no more.
pub const NEGOTIATION_ROUNDS_MAX: u32 = 32;
/// Longest inline prefix of a message's `@context`, in bytes.
pub const CONTEXT_PREFIX_BYTES_MAX: usize = 64;
/// Longest namespace that an inline prefix or `@vocab` stands for, in bytes. Every name that is
/// written short grows by this much when it is read.
pub const CONTEXT_NAMESPACE_BYTES_MAX: usize = 256;
/// Most problems noted about what was left out of one answer of a peer.
pub const READING_PROBLEMS_MAX: usize = 100;
/// Most datasets on one catalog page.
pub const CATALOG_PAGE_MAX: usize = 100;
/// Most bytes of the datasets on one catalog page that holds more than one: well below what a peer
/// reads.
pub const CATALOG_PAGE_BYTES_MAX: usize = PEER_RESPONSE_BYTES_MAX / 4;
/// Most members of all arrays and objects of these datasets together.
pub const CATALOG_PAGE_NODES_MAX: usize = PEER_RESPONSE_NODES_MAX / 2;
/// Most themes, keywords or places that one offer names, each.
pub const CATALOG_TERMS_MAX: usize = 64;
/// Longest theme, keyword, place or licence, in bytes.
pub const CATALOG_TERM_BYTES_MAX: usize = 1024;
/// Most offers that are published in one request.
pub const OFFERS_BATCH_MAX: usize = 500;
/// Most bytes of offers that the command line publishes in one request.
pub const OFFERS_BATCH_BYTES_MAX: usize = 768 * 1024;
/// Largest manifest of a bulk publication, in bytes.
pub const MANIFEST_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most participants that one offer is restricted to.
pub const AUDIENCE_MAX: usize = 1_000;
/// Longest text that is searched for, in bytes.
pub const SEARCH_TEXT_BYTES_MAX: usize = 1024;
/// Most words that are searched for at a time.
pub const SEARCH_WORDS_MAX: usize = 32;
/// Most years that an offer or a search is filed under one by one; longer times are compared.
pub const SEARCH_YEARS_MAX: usize = 64;
/// Most items on one page of the management API.
pub const API_PAGE_MAX: usize = 500;
/// Items on a page of the management API when nothing is asked.
pub const API_PAGE_DEFAULT: usize = 50;
/// Most catalog pages read from one peer in one request.
pub const CATALOG_PAGES_READ_MAX: usize = 1_000;
/// Most pages that are copied of one peer's catalog.
pub const SYNC_PAGES_MAX: u64 = 20_000;
/// Most bytes that are received for one copy of a peer's catalog (1 GiB).
pub const SYNC_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Most pages one after another that bring nothing new before a catalog counts as endless.
pub const SYNC_BARREN_PAGES_MAX: u64 = 8;
/// Most peers whose catalogs are copied at the same time; each is asked for one page at a time.
pub const SYNC_PEERS_MAX: usize = 4;
/// Most attempts to read one page while a catalog is copied.
pub const SYNC_ATTEMPTS_MAX: u32 = 5;
/// Longest `reason` kept of a peer's error or termination, in bytes.
pub const REASON_BYTES_MAX: usize = 4 * 1024;
/// Most reasons kept of a peer's error or termination.
pub const REASONS_MAX: usize = 16;
/// Largest slice of a file in memory while it is sent or received, in bytes.
pub const SLICE_BYTES: usize = 256 * 1024;
/// Most slices of one transfer waiting in memory between two stages.
pub const SLICES_IN_FLIGHT_MAX: usize = 4;
/// Largest published file, in bytes (8 TiB).
pub const CONTENT_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024 * 1024;
/// Most change sets that share one database transaction.
pub const GROUP_COMMIT_MAX: usize = 64;
/// Most change sets waiting for the database writer.
pub const COMMIT_QUEUE_MAX: usize = 1024;
/// Longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// Longest wait of a pull for the next byte before it counts as interrupted, in seconds.
pub const PULL_IDLE_SECONDS_MAX: u64 = 30;
/// Most flows the provider's gate holds at a time.
pub const FLOWS_MAX: usize = 1_000_000;
/// What a suspended flow answers in `Retry-After`, in seconds.
pub const SUSPENDED_RETRY_SECONDS: u64 = 30;
/// Longest file name offered to a downloading browser, in bytes.
pub const FILE_NAME_BYTES_MAX: usize = 255;
/// Most chunks of the network that are handed over as one batch.
pub const BATCH_CHUNKS_MAX: usize = 64;
/// Connections of the embedded database that only read.
pub const STORE_READERS_MAX: usize = 3;
/// Longest wait for another program that holds a lock on the embedded database, in milliseconds.
pub const STORE_LOCK_WAIT_MS_MAX: u64 = 5_000;
/// Pages of the embedded database's log after which its content is moved to the main file.
pub const STORE_LOG_PAGES_MAX: u32 = 4_000;
/// Most facts that an offer, an agreement or a person states of one crossing.
pub const FACTS_STATED_MAX: usize = 200;
/// Longest name or text of a stated fact, in bytes.
pub const FACT_TEXT_BYTES_MAX: usize = 64;
/// Longest reference of an attestation or a duty that was done, in bytes.
pub const ATTESTATION_REFERENCE_BYTES_MAX: usize = 1024;
/// Longest id of a person, in bytes.
pub const SUBJECT_BYTES_MAX: usize = 256;
/// Most rows of a file whose persons are counted; their hashes take 16 bytes each meanwhile.
pub const SUBJECTS_MAX: usize = 20_000_000;
/// Most peers of one node.
pub const PEERS_MAX: usize = 10_000;
/// Shortest secret shared with a peer, in bytes.
pub const PEER_SECRET_BYTES_MIN: usize = 32;
/// Longest secret shared with a peer, in bytes.
pub const PEER_SECRET_BYTES_MAX: usize = 1024;
/// Most connections of one listener at a time; further ones wait.
pub const CONNECTIONS_MAX: usize = 4_096;
/// Longest wait for the head of a request on an open connection, in seconds.
pub const REQUEST_HEAD_SECONDS_MAX: u64 = 75;
/// Most scripts of automation.
pub const SCRIPTS_MAX: usize = 10_000;
/// Most steps of one script.
pub const SCRIPT_STEPS_MAX: usize = 64;
/// Longest delay of a step of a script, in milliseconds: a day.
pub const SCRIPT_DELAY_MS_MAX: u64 = 86_400_000;
