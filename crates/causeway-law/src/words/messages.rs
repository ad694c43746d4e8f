//! Every sentence of the engine with what is filled in. A sentence that nothing says is a warning
//! of the compiler; that each has its English text with these placeholders is a test.

use fluent_bundle::FluentValue;

use super::Message;
use crate::outcome::{Interval, Outcome};
use crate::pack::{Role, Stage, Status};

macro_rules! messages {
    ($($name:ident($($arg:ident),*) = $key:literal;)*) => {
        $(
            pub(crate) fn $name<'a>($($arg: impl Into<FluentValue<'a>>),*) -> Message<'a> {
                Message { key: $key, args: vec![$((stringify!($arg), $arg.into())),*] }
            }
        )*

        /// Every key with its placeholders.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &[&str])] = &[$(($key, &[$(stringify!($arg)),*])),*];
    };
}

messages! {
    outcome_permitted() = "outcome-permitted";
    outcome_obligations() = "outcome-permitted-with-obligations";
    outcome_mechanism() = "outcome-needs-mechanism";
    outcome_approval() = "outcome-needs-authority-approval";
    outcome_prohibited() = "outcome-prohibited";
    outcome_unknown(best, worst) = "outcome-unknown";
    sentence_permitted(exporter, importer) = "sentence-permitted";
    sentence_obligations(exporter, importer, duties) = "sentence-permitted-with-obligations";
    sentence_mechanism(exporter, importer) = "sentence-needs-mechanism";
    sentence_approval(exporter, importer) = "sentence-needs-authority-approval";
    sentence_prohibited(exporter, importer) = "sentence-prohibited";
    sentence_unknown(exporter, importer, best, worst) = "sentence-unknown";
    area_not_given() = "area-not-given";
    page_title(exporter, importer) = "page-title";
    head_exporter() = "head-exporter";
    head_importer() = "head-importer";
    head_law() = "head-law";
    head_packs() = "head-packs";
    party_uncovered(area, day) = "party-uncovered";
    party_covered(packs) = "party-covered";
    heading_flags() = "heading-flags";
    heading_outcome() = "heading-outcome";
    heading_why() = "heading-why";
    heading_missing() = "heading-missing";
    heading_to_do() = "heading-to-do";
    heading_possible() = "heading-possible";
    heading_packs() = "heading-packs";
    heading_signature() = "heading-signature";
    heading_documents() = "heading-documents";
    flag_says(flag, word, text, facts) = "flag-says";
    flag_counts(flag, word, facts) = "flag-counts";
    flag_says_nothing() = "flag-says-nothing";
    flag_says_nothing_because(why) = "flag-says-nothing-because";
    rules_count() = "rules-count";
    rules_held_back() = "rules-held-back";
    rules_open() = "rules-open";
    pack_says(title, outcome) = "pack-says";
    pack_may_apply() = "pack-may-apply";
    pack_not_applying(title) = "pack-not-applying";
    pack_no_rule(because) = "pack-no-rule";
    pack_silent() = "pack-silent";
    rule_in_force(articles, from, rule) = "rule-in-force";
    rule_in_force_until(articles, from, until, rule) = "rule-in-force-until";
    rule_says(outcome) = "rule-says";
    rule_overridden(rule, text) = "rule-overridden";
    rule_satisfied(rule, text) = "rule-satisfied";
    facts_used(facts) = "facts-used";
    fact_is(fact, value) = "fact-is";
    fact_unknown(fact) = "fact-unknown";
    value_yes() = "value-yes";
    value_no() = "value-no";
    facts_derived(facts) = "facts-derived";
    facts_assumed(facts) = "facts-assumed";
    heading_conflicts() = "heading-conflicts";
    heading_advice() = "heading-advice";
    conflict_between(law, other) = "conflict-between";
    conflict_other_area(area) = "conflict-other-area";
    conflict_other() = "conflict-other";
    conflict_note() = "conflict-note";
    advice_note() = "advice-note";
    advice_of(title, text) = "advice-of";
    missing_none() = "missing-none";
    missing_pack() = "missing-pack";
    missing_more() = "missing-more";
    missing_fact(fact, kind) = "missing-fact";
    missing_settles(settles, of) = "missing-settles";
    kind_flag() = "kind-flag";
    kind_count() = "kind-count";
    kind_count_of(unit) = "kind-count-of";
    kind_day() = "kind-day";
    kind_area() = "kind-area";
    kind_one_of(words) = "kind-one-of";
    to_do_none() = "to-do-none";
    duty_due(due, articles) = "duty-due";
    document_of(document, rule) = "document-of";
    possible_none() = "possible-none";
    remedy_wait(day) = "remedy-wait";
    remedy_compute() = "remedy-compute";
    remedy_needs(question, fact) = "remedy-needs";
    remedy_provided(question, fact, value) = "remedy-provided";
    remedy_then(outcome) = "remedy-then";
    pack_line(pack, version, day, status) = "pack-line";
    pack_hash(hash) = "pack-hash";
    status_draft() = "status-draft";
    status_checked() = "status-checked";
    status_reviewed() = "status-reviewed";
    packs_none() = "packs-none";
    disclaimer() = "disclaimer";
    decision_hash(hash) = "decision-hash";
    signature_line() = "signature-line";
    english_instead(count) = "english-instead";
    stage_prohibition() = "stage-prohibition";
    stage_exemption() = "stage-exemption";
    stage_trigger() = "stage-trigger";
    stage_mechanism() = "stage-mechanism";
    stage_obligation() = "stage-obligation";
    stage_advice() = "stage-advice";
    role_law() = "role-law";
    role_advisory() = "role-advisory";
    role_organisation() = "role-organisation";
    review_role() = "review-role";
    review_law_from() = "review-law-from";
    review_conflicts() = "review-conflicts";
    review_conflict() = "review-conflict";
    condition_always() = "condition-always";
    condition_all() = "condition-all";
    condition_any() = "condition-any";
    condition_not() = "condition-not";
    condition_answer(question, answer) = "condition-answer";
    answer_equal(value) = "answer-equal";
    answer_not_equal(value) = "answer-not-equal";
    answer_less(value) = "answer-less";
    answer_at_most(value) = "answer-at-most";
    answer_more(value) = "answer-more";
    answer_at_least(value) = "answer-at-least";
    answer_before(value) = "answer-before";
    answer_until(value) = "answer-until";
    answer_after(value) = "answer-after";
    answer_since(value) = "answer-since";
    answer_one_of(words) = "answer-one-of";
    answer_none_of(words) = "answer-none-of";
    value_since(value, from) = "value-since";
    value_between(value, from, until) = "value-between";
    value_of_fact(question) = "value-of-fact";
    review_title(title) = "review-title";
    review_pack() = "review-pack";
    review_version() = "review-version";
    review_known_from() = "review-known-from";
    review_status() = "review-status";
    review_hash() = "review-hash";
    review_covers() = "review-covers";
    review_applies() = "review-applies";
    review_otherwise() = "review-otherwise";
    review_otherwise_unknown() = "review-otherwise-unknown";
    review_sources() = "review-sources";
    review_source_key() = "review-source-key";
    review_source_title() = "review-source-title";
    review_source_number() = "review-source-number";
    review_source_read() = "review-source-read";
    review_rules() = "review-rules";
    review_rule() = "review-rule";
    review_says() = "review-says";
    review_when() = "review-when";
    review_effect() = "review-effect";
    review_article() = "review-article";
    review_agree() = "review-agree";
    review_in_force(from) = "review-in-force";
    review_in_force_until(from, until) = "review-in-force-until";
    review_overrides(rules) = "review-overrides";
    review_satisfies(rules) = "review-satisfies";
    review_duty(text, due) = "review-duty";
    review_document(text) = "review-document";
    review_values() = "review-values";
    review_value_name() = "review-value-name";
    review_value() = "review-value";
    review_duties() = "review-duties";
    review_duty_id() = "review-duty-id";
    review_duty_text() = "review-duty-text";
    review_duty_due() = "review-duty-due";
    review_cases(count) = "review-cases";
    review_signature() = "review-signature";
    review_name() = "review-name";
    review_licence() = "review-licence";
    review_date() = "review-date";
    review_sign() = "review-sign";
    matrix_title() = "matrix-title";
    matrix_caption(data) = "matrix-caption";
    matrix_day(day) = "matrix-day";
    matrix_from() = "matrix-from";
    matrix_persons(data, count) = "matrix-persons";
    matrix_assumed() = "matrix-assumed";
    matrix_mechanisms() = "matrix-mechanisms";
    matrix_mechanism() = "matrix-mechanism";
    matrix_needs() = "matrix-needs";
    matrix_articles() = "matrix-articles";
    matrix_then() = "matrix-then";
    matrix_none() = "matrix-none";
    matrix_outcome(outcome) = "matrix-outcome";
    matrix_open(worst) = "matrix-open";
    matrix_depends() = "matrix-depends";
    matrix_group(name, count) = "matrix-group";
    matrix_members(name, areas) = "matrix-members";
    matrix_groups() = "matrix-groups";
    matrix_legend() = "matrix-legend";
    matrix_ways(count) = "matrix-ways";
}

/// The word for an outcome.
pub(crate) fn outcome<'a>(outcome: Outcome) -> Message<'a> {
    match outcome {
        Outcome::Permitted => outcome_permitted(),
        Outcome::PermittedWithObligations => outcome_obligations(),
        Outcome::NeedsMechanism => outcome_mechanism(),
        Outcome::NeedsAuthorityApproval => outcome_approval(),
        Outcome::Prohibited => outcome_prohibited(),
    }
}

/// The word for a stage.
pub(crate) fn stage<'a>(stage: Stage) -> Message<'a> {
    match stage {
        Stage::Prohibition => stage_prohibition(),
        Stage::Exemption => stage_exemption(),
        Stage::Trigger => stage_trigger(),
        Stage::Mechanism => stage_mechanism(),
        Stage::Obligation => stage_obligation(),
        Stage::Advice => stage_advice(),
    }
}

/// What a pack is to a decision.
pub(crate) fn role<'a>(role: Role) -> Message<'a> {
    match role {
        Role::Law => role_law(),
        Role::Advisory => role_advisory(),
        Role::Organisation => role_organisation(),
    }
}

/// How far a pack was checked.
pub(crate) fn status<'a>(status: Status) -> Message<'a> {
    match status {
        Status::Draft => status_draft(),
        Status::Checked => status_checked(),
        Status::Reviewed => status_reviewed(),
    }
}

impl super::Telling<'_> {
    /// An outcome that may not be determined.
    pub(crate) fn interval(&self, interval: Interval) -> String {
        match interval.determined() {
            Some(determined) => self.say(outcome(determined)),
            None => {
                let best = self.say(outcome(interval.at_best));
                let worst = self.say(outcome(interval.at_worst));
                self.say(outcome_unknown(best, worst))
            }
        }
    }

    /// An outcome.
    pub(crate) fn outcome(&self, of: Outcome) -> String {
        self.say(outcome(of))
    }
}
