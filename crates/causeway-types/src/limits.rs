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
/// How long a used token is remembered after it expired, in seconds, should the clock be set back.
pub const SEEN_TOKEN_KEPT_SECONDS: u64 = 3_600;
/// Most tokens that are forgotten whenever one is used.
pub const SEEN_TOKENS_PURGED_MAX: usize = 8;
/// Most used tokens that are in memory from the start on; the store knows all of them.
pub const SEEN_TOKENS_LOADED_MAX: usize = 100_000;
/// Longest life of a token of the management API, in seconds: a year.
pub const API_TOKEN_SECONDS_MAX: u64 = 366 * 86_400;
/// Longest name of a token of the management API, or of the person behind it, in bytes.
pub const API_TOKEN_NAME_BYTES_MAX: usize = 128;
/// Most networks that a token of the management API is bound to.
pub const API_TOKEN_NETWORKS_MAX: usize = 32;
/// Most scopes that are named for a token of the management API.
pub const API_TOKEN_SCOPES_MAX: usize = 64;
/// Most tokens of the management API that one person holds at a time.
pub const API_TOKENS_MAX: usize = 200;
/// How exactly the last use of a token of the management API is known, in seconds.
pub const API_TOKEN_USED_SECONDS: u64 = 3_600;
/// How long an act waits for the yes of a second person, in seconds.
pub const APPROVAL_SECONDS_MAX: u64 = 3 * 86_400;
/// Most acts of one person that wait for a second person at a time.
pub const APPROVALS_WAITING_MAX: usize = 100;
/// Longest reason of a second person, in bytes.
pub const APPROVAL_REASON_BYTES_MAX: usize = 1024;
/// Most callers whose requests are counted at a time.
pub const BUCKETS_MAX: usize = 10_000;
/// Largest document of an identity provider, in bytes.
pub const OIDC_DOCUMENT_BYTES_MAX: usize = 1024 * 1024;
/// Longest wait for a document of an identity provider, in seconds.
pub const OIDC_ANSWER_SECONDS_MAX: u64 = 10;
/// Shortest time between two questions to an identity provider for its keys, in seconds.
pub const OIDC_REFRESH_SECONDS_MIN: u64 = 60;
/// How old the keys of an identity provider become before they are asked for again, in seconds.
pub const OIDC_KEYS_SECONDS: u64 = 3_600;
/// How old the keys of an identity provider may become while it cannot be reached, in seconds.
pub const OIDC_KEYS_SECONDS_MAX: u64 = 86_400;
/// Most that the clocks of an identity provider and of this node may differ, in seconds.
pub const OIDC_SKEW_SECONDS_MAX: u64 = 60;
/// Longest token of an identity provider, in bytes.
pub const OIDC_TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Requests of peers that are worked on at a time.
pub const TURNS_AT_ONCE: usize = 128;
/// Requests of one peer that wait for their turn at a time.
pub const TURNS_OF_ONE_MAX: usize = 64;
/// Requests of all peers that wait for their turn at a time.
pub const TURNS_MAX: usize = 1_024;
/// Longest wait of a request for its turn, in seconds.
pub const TURN_SECONDS_MAX: u64 = 10;
/// Most self-issued tokens that a node remembers at a time to take each once.
pub const SEEN_TOKENS_MAX: usize = 1_000_000;
/// Most DID documents of others that are kept in memory.
pub const DID_DOCUMENTS_CACHED_MAX: usize = 10_000;
/// Largest message of the claims protocol accepted or sent, in bytes.
pub const CLAIMS_MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting of a message of the claims protocol.
pub const CLAIMS_MESSAGE_DEPTH_MAX: usize = 16;
/// Most members of all arrays and objects of one message of the claims protocol together.
pub const CLAIMS_MESSAGE_NODES_MAX: usize = 10_000;
/// Most scopes that one query or access token names.
pub const SCOPES_MAX: usize = 64;
/// Longest scope, in bytes.
pub const SCOPE_BYTES_MAX: usize = 1024;
/// Most credentials that one message carries, offers or asks for.
pub const MESSAGE_CREDENTIALS_MAX: usize = 64;
/// Most presentations of one answer.
pub const PRESENTATIONS_MAX: usize = 16;
/// Largest credential or presentation as text, in bytes.
pub const CREDENTIAL_TEXT_BYTES_MAX: usize = 256 * 1024;
/// Most kinds of credentials that one issuer issues.
pub const CREDENTIAL_DEFINITIONS_MAX: usize = 256;
/// Most claims that one definition of a credential has.
pub const CREDENTIAL_CLAIMS_MAX: usize = 64;
/// Longest validity of a credential that is issued here, in days.
pub const CREDENTIAL_VALIDITY_DAYS_MAX: u32 = 3_660;
/// Largest trust file, in bytes.
pub const TRUST_FILE_BYTES_MAX: usize = 1024 * 1024;
/// Most issuers of one trust file.
pub const TRUST_ISSUERS_MAX: usize = 1_000;
/// Most maintainers of one trust file.
pub const TRUST_MAINTAINERS_MAX: usize = 32;
/// Most schemas of one trust file.
pub const TRUST_SCHEMAS_MAX: usize = 64;
/// Largest schema of a trust file, in bytes.
pub const TRUST_SCHEMA_BYTES_MAX: usize = 1024 * 1024;
/// Most credential types, jurisdictions or schemes that a trust file names for one issuer, each.
pub const TRUST_TERMS_MAX: usize = 300;
/// Most dataspaces whose trust files one node goes by.
pub const TRUST_FILES_MAX: usize = 32;
/// Most revisions of trust files that one node remembers.
pub const TRUST_REVISIONS_MAX: usize = 10_000;
/// Longest DID, in bytes.
pub const DID_BYTES_MAX: usize = 512;
/// Most parts of the path of a did:web.
pub const DID_PATH_PARTS_MAX: usize = 16;
/// Longest name of a key inside a DID document, in bytes.
pub const KEY_FRAGMENT_BYTES_MAX: usize = 256;
/// Largest DID document, in bytes.
pub const DID_DOCUMENT_BYTES_MAX: usize = 64 * 1024;
/// Deepest nesting of a DID document.
pub const DID_DOCUMENT_DEPTH_MAX: usize = 16;
/// Most values of a DID document.
pub const DID_DOCUMENT_VALUES_MAX: usize = 8_192;
/// Most keys of a DID document.
pub const DID_DOCUMENT_KEYS_MAX: usize = 64;
/// Most services of a DID document.
pub const DID_DOCUMENT_SERVICES_MAX: usize = 64;
/// Shortest modulus of an RSA key, in bits.
pub const RSA_BITS_MIN: usize = 2_048;
/// Longest modulus of an RSA key, in bits.
pub const RSA_BITS_MAX: usize = 8_192;
/// Longest header of a signed text, in bytes, decoded.
pub const JWS_HEADER_BYTES_MAX: usize = 4 * 1024;
/// Deepest nesting of the payload of a signed text.
pub const JWS_DEPTH_MAX: usize = 32;
/// Most values of the payload of a signed text.
pub const JWS_VALUES_MAX: usize = 16_384;
/// Longest self-issued token or access token, in bytes.
pub const IDENTITY_TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Longest id of a token (`jti`), in bytes.
pub const TOKEN_ID_BYTES_MAX: usize = 256;
/// Longest life of a self-issued token that may be configured, in seconds.
pub const IDENTITY_TOKEN_SECONDS_MAX: u64 = 15 * 60;
/// How far the clock of a peer may be ahead, in seconds.
pub const CLOCK_SKEW_SECONDS_MAX: u64 = 5;
/// Most scopes of an access token.
pub const ACCESS_SCOPES_MAX: usize = 64;
/// Longest scope of an access token, in bytes.
pub const ACCESS_SCOPE_BYTES_MAX: usize = 512;
/// Most bytes of the encoded bits of a status list.
pub const STATUS_LIST_PACKED_BYTES_MAX: usize = 1024 * 1024;
/// Most bytes of the bits of a status list.
pub const STATUS_LIST_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most types of one credential.
pub const CREDENTIAL_TYPES_MAX: usize = 16;
/// Most entries that say where it is written whether one credential was taken back.
pub const CREDENTIAL_STATUSES_MAX: usize = 4;
/// Most credentials of the presentations that answer one question.
pub const PRESENTATION_CREDENTIALS_MAX: usize = 64;
/// Most statements about the keys of one DID document that are looked at.
pub const CONTINUITY_STATEMENTS_MAX: usize = 16;
/// Most keys of a node, with those that are retired.
pub const KEYS_MAX: usize = 256;
/// Longest name of a key, in bytes.
pub const KEY_NAME_BYTES_MAX: usize = 64;
/// How long a new key is published before it is used, in seconds, unless something else is said.
pub const KEY_OVERLAP_SECONDS: u64 = 24 * 60 * 60;
/// How long a key that signs tokens stays published when it is retired, in seconds.
pub const KEY_TRAIL_SECONDS: u64 = 24 * 60 * 60;
/// How long a key that signs credentials stays published when it is retired, in seconds.
pub const KEY_TRAIL_SECONDS_ISSUER: u64 = 400 * 24 * 60 * 60;
/// Largest file of keys, in bytes.
pub const KEY_FILE_BYTES_MAX: usize = 1024 * 1024;
/// Shortest passphrase of a file of keys, in bytes.
pub const PASSPHRASE_BYTES_MIN: usize = 12;
/// Longest passphrase of a file of keys, in bytes.
pub const PASSPHRASE_BYTES_MAX: usize = 1024;
/// Most memory that making a key from a passphrase may take, in KiB.
pub const KEY_DERIVATION_MEMORY_KIB_MAX: u32 = 1024 * 1024;
/// Most passes that making a key from a passphrase may take.
pub const KEY_DERIVATION_PASSES_MAX: u32 = 16;
/// Most lanes that making a key from a passphrase may take.
pub const KEY_DERIVATION_LANES_MAX: u32 = 16;
/// How often a text is built again because its key retired before it was signed.
pub const KEY_RETIRES_MEANWHILE_MAX: u32 = 8;
/// Most access tokens of ours that are kept to be used again.
pub const ACCESS_TOKENS_CACHED_MAX: usize = 10_000;
/// Most peers, and status lists, of which it is known what they show.
pub const SHOWN_CACHED_MAX: usize = 10_000;
/// Most peers that are not in the configuration.
pub const PEERS_LEARNED_MAX: usize = 10_000;
/// Most credentials about us that are kept of one issuer.
pub const HELD_CREDENTIALS_PER_ISSUER_MAX: usize = 256;
/// Most credentials about us that are looked through for one answer.
pub const HELD_CREDENTIALS_READ_MAX: usize = 1_000;
/// Most offers of credentials that are kept of one issuer; a newer one replaces the oldest.
pub const CREDENTIAL_OFFERS_PER_ISSUER_MAX: usize = 64;
/// Most requests for credentials that are kept of one issuer; a new one takes the place of one that
/// ended.
pub const CREDENTIAL_REQUESTS_PER_ISSUER_MAX: usize = 200;
/// Most requests for credentials that are looked through at a time.
pub const CREDENTIAL_REQUESTS_READ_MAX: usize = 1_000;
/// Largest form that is sent to the token service, in bytes.
pub const TOKEN_FORM_BYTES_MAX: usize = 32 * 1024;
/// Largest claims of one credential that is issued here, in bytes as JSON.
pub const CREDENTIAL_CLAIMS_BYTES_MAX: usize = 32 * 1024;
/// Most requests of one holder for credentials that wait for a person at the same time.
pub const ISSUANCES_OPEN_MAX: usize = 16;
/// Most requests for credentials that one holder may make in a minute.
pub const ISSUANCES_HOLDER_MINUTE_MAX: u32 = 120;
/// Most requests for credentials that all holders together may make in a minute.
pub const ISSUANCES_MINUTE_MAX: u32 = 1_200;
/// Most status lists of our own that are kept signed in memory.
pub const STATUS_LISTS_SIGNED_MAX: usize = 256;
/// Longest PIN of a token, in bytes.
pub const PIN_BYTES_MAX: usize = 256;
/// Most status lists that are fetched to check the presentations that answer one question.
pub const PRESENTATION_STATUS_LISTS_MAX: usize = 16;
/// Longest number in JSON that others send, in bytes: more digits than any number that is meant.
pub const JSON_NUMBER_BYTES_MAX: usize = 256;
/// Longest wait for the rest of the head of a request once its first byte is there, in seconds.
pub const REQUEST_HEAD_ARRIVAL_SECONDS_MAX: u64 = 10;
/// Largest head of a request, in bytes.
pub const REQUEST_HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most headers of a request, and of an answer that we read.
pub const HEADERS_MAX: usize = 100;
/// Longest wait for parts of a request's body, all together, before its pace counts, in seconds.
pub const BODY_GRACE_SECONDS: u64 = 10;
/// Slowest pace of a request's body after that, in bytes per second.
pub const BODY_BYTES_PER_SECOND_MIN: u64 = 1024;
/// Longest time in which a client takes nothing of its answer, in seconds.
pub const ANSWER_STALL_SECONDS_MAX: u64 = 60;
/// Most connections from one address to one listener at a time (of IPv6, from one /64).
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 1_024;
/// Longest wait for a DID document, in seconds.
pub const DID_DOCUMENT_SECONDS_MAX: u64 = 5;
/// Largest answer of a service for credentials or tokens, in bytes.
pub const CREDENTIAL_RESPONSE_BYTES_MAX: usize = 1024 * 1024;
/// Largest answer of a webhook, in bytes.
pub const WEBHOOK_RESPONSE_BYTES_MAX: usize = 64 * 1024;
/// Longest head of an answer that is kept, in bytes.
pub const ANSWER_HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most bytes that one byte of a compressed answer may become, once it is unpacked to more than
/// [`UNPACKED_BYTES_FREE`].
pub const UNPACKING_RATIO_MAX: usize = 100;
/// How much a compressed answer may unpack to whatever its ratio is, in bytes.
pub const UNPACKED_BYTES_FREE: usize = 2 * CATALOG_PAGE_BYTES_MAX;
/// Most hosts that one peer may name in callback addresses, beside its own.
pub const CALLBACK_HOSTS_MAX: usize = 16;
/// Longest wait for an answer to one of our requests in all, in seconds.
pub const ANSWER_SECONDS_MAX: u64 = 600;
/// Longest entry of a log, in bytes: its length is written in two.
pub const LOG_ENTRY_BYTES_MAX: usize = 65_535;
/// Most leaves of a log: a signed 64-bit number, as other makes count.
pub const LOG_LEAVES_MAX: u64 = i64::MAX as u64;
/// Most hashes of a proof about a log: one a level of the tallest tree.
pub const LOG_PROOF_HASHES_MAX: usize = 63;
/// Largest signed note, in bytes: sixteen post-quantum signatures fit.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;
/// Most signatures of a signed note.
pub const NOTE_SIGNATURES_MAX: usize = 64;
/// Longest name of a key that signs notes, in bytes.
pub const NOTE_KEY_NAME_BYTES_MAX: usize = 2_048;
/// Longest path of a resource of a log, in bytes.
pub const LOG_PATH_BYTES_MAX: usize = 64;
/// Most data that goes with a proof file without being proven, in bytes.
pub const LOG_PROOF_EXTRA_BYTES_MAX: usize = 64 * 1024;
/// Largest proof file of one entry of a log, in bytes.
pub const LOG_PROOF_FILE_BYTES_MAX: usize = 192 * 1024;
/// Largest policy file about logs and witnesses, in bytes.
pub const WITNESS_POLICY_BYTES_MAX: usize = 64 * 1024;
/// Most logs, most witnesses and most groups of one policy file.
pub const WITNESS_POLICY_NAMES_MAX: usize = 64;
/// Largest request to a witness, in bytes: a note and the proof before it.
pub const WITNESS_REQUEST_BYTES_MAX: usize = NOTE_BYTES_MAX + 4 * 1024;
/// Largest proof that a log contradicts itself, in bytes: two notes and a proof.
pub const FORK_PROOF_BYTES_MAX: usize = 2 * NOTE_BYTES_MAX + 4 * 1024;
/// Largest receipt of a log in COSE, in bytes.
pub const COSE_RECEIPT_BYTES_MAX: usize = 8 * 1024;
/// Most records of what was done with keys that are gone, beside those of keys that are there.
pub const KEY_EVENTS_KEPT_MAX: usize = 1_000;
/// Deepest nesting of a schema that credentials name, in levels.
pub const SCHEMA_DEPTH_MAX: usize = 32;
/// Most members of all arrays and objects of a schema together.
pub const SCHEMA_MEMBERS_MAX: usize = 10_000;
/// Most arrays and objects of a schema, with all references written out.
pub const SCHEMA_EXPANDED_MAX: usize = 4_096;
/// Most references in a schema that follow one another.
pub const SCHEMA_REFERENCE_DEPTH_MAX: usize = 16;
/// Most patterns of a schema.
pub const SCHEMA_PATTERNS_MAX: usize = 256;
/// Longest pattern of a schema, in bytes.
pub const SCHEMA_PATTERN_BYTES_MAX: usize = 1024;
/// Largest program that a pattern of a schema is compiled to, in bytes.
pub const SCHEMA_PATTERN_PROGRAM_BYTES_MAX: usize = 256 * 1024;
/// Most places of a schema that ask for what no other part of it looked at.
pub const SCHEMA_UNEVALUATED_MAX: usize = 8;
/// Most parties whose changed keys wait for a person that are listed at a time.
pub const CHANGED_KEYS_MAX: usize = 1_000;
