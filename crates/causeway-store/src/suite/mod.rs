//! The conformance suite: what every driver must do, as functions of a store, and the macro that
//! makes a test of each. For tests only; what is peculiar to one driver (crashes, full disks,
//! migrations) is tested beside that driver.

#![expect(clippy::unwrap_used, reason = "the suite runs in tests, where a failure is a panic")]
#![expect(missing_docs, reason = "the name of a behaviour is its description")]

mod aggregates;
mod atomicity;
mod cache;
mod concurrency;
mod crossings;
mod faults;
mod history;
mod identity;
mod lists;
mod outbox;
pub mod samples;
mod search;

pub use self::aggregates::*;
pub use self::atomicity::*;
pub use self::cache::*;
pub use self::concurrency::*;
pub use self::crossings::*;
pub use self::faults::*;
pub use self::history::*;
pub use self::identity::*;
pub use self::lists::*;
pub use self::outbox::*;
pub use self::search::*;

/// Makes one `#[tokio::test]` of each behaviour. The expression makes a fresh store each time:
/// `(Arc<dyn Store>, guard)`, where the guard (a temporary directory, say) is kept until the test
/// ends.
#[macro_export]
macro_rules! suite {
    ($make:expr) => {
        $crate::suite! { @each $make;
            every_aggregate_reads_back_in_every_state,
            an_aggregate_is_found_by_its_second_key,
            what_was_never_written_is_not_found,
            creating_twice_is_a_conflict,
            a_stale_version_is_a_conflict,
            a_version_of_something_missing_is_a_conflict,
            versions_count_the_writes,
            the_dataset_of_an_offer_is_unique,
            the_pid_of_a_peer_is_unique_within_its_role,
            a_conflict_in_the_second_put_leaves_nothing,
            a_conflict_restores_what_earlier_puts_replaced,
            puts_of_one_change_set_see_each_other,
            an_idempotency_key_is_taken_once,
            an_empty_change_set_changes_nothing,
            lists_run_in_both_directions_and_in_pages,
            withdrawn_offers_are_listed_on_demand,
            only_open_processes_are_listed_as_open,
            sequences_stay_and_grow,
            starts_are_counted_by_agreement_and_stay_when_transfers_end,
            offers_are_found_by_words_of_the_six_languages,
            offers_are_found_by_what_they_are_filed_under,
            offers_are_found_by_the_time_they_are_about,
            a_party_finds_only_what_it_may_know_of,
            a_changed_offer_is_found_by_what_it_says_now,
            a_search_is_read_in_pages_both_ways,
            what_is_searched_for_is_never_read_as_an_expression,
            events_come_in_order_and_in_pages,
            the_history_holds_the_events_of_one_process,
            new_rows_and_events_are_answered_as_stored,
            the_outbox_keeps_the_order_of_a_process,
            only_the_oldest_message_of_a_process_is_claimed,
            a_webhook_never_holds_up_the_protocol,
            a_claimed_message_is_leased_until_the_lease_ends,
            a_message_is_not_claimed_before_its_time,
            the_longest_due_is_claimed_first,
            a_retry_ends_the_lease_and_waits,
            a_settled_message_is_gone_and_the_next_one_moves_up,
            settling_what_is_gone_is_passed_over,
            cancelling_drops_protocol_messages_and_keeps_webhooks,
            messages_of_a_commit_can_be_leased_at_once,
            the_outbox_says_when_it_is_due_next,
            ids_of_outbox_rows_are_not_used_again,
            two_claimers_never_get_the_same_message,
            concurrent_increments_are_all_counted,
            concurrent_creations_have_one_winner,
            a_commit_is_seen_by_every_later_read,
            what_crossings_leave_reads_back,
            where_nothing_crossed_nothing_is_found,
            a_decision_is_written_once_and_again_without_conflict,
            decisions_are_listed_newest_first,
            attestations_are_found_by_party_newest_first,
            an_attestation_is_revoked_by_who_read_its_latest_version,
            a_person_in_several_files_counts_once,
            counts_are_apart_and_parties_are_apart_and_together,
            the_window_begins_with_the_very_microsecond,
            a_candidate_that_crossed_is_not_counted_twice,
            declared_persons_count_once_a_file,
            adding_persons_again_changes_nothing,
            a_threshold_is_met_exactly,
            every_hash_is_a_person,
            records_read_back_and_kinds_are_apart,
            records_are_listed_newest_first_and_by_owner,
            a_record_is_written_by_who_read_its_latest_version,
            a_forgotten_record_is_gone_and_may_come_again,
            records_are_read_as_their_type_or_not_at_all,
            a_token_is_used_once_and_its_second_use_leaves_nothing,
            what_fails_does_not_use_up_its_token,
            one_of_a_thousand_uses_of_a_token_wins,
            unexpired_tokens_are_listed_the_longest_lived_first,
            expired_tokens_are_forgotten_bit_by_bit_and_not_too_early,
            persons_count_exactly_once_when_commits_are_lost,
            persons_count_exactly_once_when_answers_are_lost,
            decisions_stick_exactly_once_when_commits_are_lost,
            decisions_stick_exactly_once_when_answers_are_lost,
            decisions_stick_exactly_once_when_both_happen,
        }
    };
    (@each $make:expr; $($behaviour:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                let (store, _guard) = $make;
                $crate::suite::$behaviour(store).await;
            }
        )*
    };
}
