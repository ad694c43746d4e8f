# What the law engine says of one crossing. Everything in braces with a dollar sign is filled in:
# areas are codes such as DE, outcomes are the words below, days are ISO dates.

## Outcomes

# A word for each outcome, mildest first.
outcome-permitted = permitted
outcome-permitted-with-obligations = permitted with obligations
outcome-needs-mechanism = needs a mechanism
outcome-needs-authority-approval = needs an authority's approval
outcome-prohibited = prohibited
# For a crossing whose outcome lies between two others.
outcome-unknown = not decided: { $best } at best, { $worst } at worst

# The outcome of the whole crossing, in one sentence.
sentence-permitted = The data may cross from { $exporter } to { $importer }.
sentence-permitted-with-obligations =
    The data may cross from { $exporter } to { $importer }, if { $duties ->
        [one] one duty is met
       *[other] { $duties } duties are met
    }.
sentence-needs-mechanism =
    The data may not cross from { $exporter } to { $importer } yet: the parties have to put a mechanism in place first.
sentence-needs-authority-approval =
    The data may not cross from { $exporter } to { $importer } yet: an authority has to approve it first.
sentence-prohibited = The data may not cross from { $exporter } to { $importer }.
sentence-unknown =
    It is not decided whether the data may cross from { $exporter } to { $importer }: { $best } at best, { $worst } at worst. Until it is decided, the stricter of the two holds.
# In place of an area that was not given.
area-not-given = (not given)

## The head of the page

page-title = Border check: { $exporter } to { $importer }
head-exporter = Exporter
head-importer = Importer
head-law = Law in force on
head-packs = Packs known on
# Behind the area of a party whose law no pack knows.
party-uncovered = no rule pack knows the law of { $area } on { $day }
# Behind the area of a party, with the names of packs.
party-covered = covered by { $packs }

## Headings

heading-flags = What the flags say
heading-outcome = Outcome
heading-why = Why
heading-conflicts = Conflicts between laws
heading-advice = Advice
heading-missing = What is missing
heading-to-do = What to do
heading-possible = What would make it possible
heading-packs = Rule packs
heading-signature = Signature
heading-documents = Documents

## Flags

# A flag of the command line with its word, what that means, and the facts it stands for.
flag-says = --{ $flag } { $word } ({ $text }): { $facts }
flag-counts = --{ $flag } { $word }: { $facts }
flag-says-nothing = no fact
flag-says-nothing-because = no fact, because { $why }

## Why

rules-count = Rules that count
rules-held-back = Rules that hold and do not count
rules-open = Rules that may hold
# Behind the number of a pack in the list: its title and what it says by itself.
pack-says = { $title } — { $outcome }
# A pack of which it is not known whether it applies.
pack-may-apply = It is not known whether this pack applies.
pack-not-applying = { $title } — does not apply to this crossing
pack-no-rule = No rule asks for anything: { $because }
pack-silent = No rule of this pack says anything about this crossing.
rule-in-force = { $articles }; in force since { $from }; rule { $rule }
rule-in-force-until = { $articles }; in force from { $from } until { $until }; rule { $rule }
# What became of a rule that holds.
rule-says = It says: { $outcome }.
rule-overridden = Overridden by rule { $rule }: { $text }
rule-satisfied = Satisfied by rule { $rule }: { $text }
facts-used = Facts: { $facts }
fact-is = { $fact } = { $value }
fact-unknown = { $fact } not known
value-yes = yes
value-no = no
# Facts that nobody gave and that were taken as no or 0, because that was asked for.
facts-derived = Follows from what was given: { $facts }
facts-assumed = Taken as no or 0, because nobody said otherwise: { $facts }

## Conflicts and advice

# One law demands what another forbids: the law that says so, and the other one.
conflict-between = { $law }, against { $other }
conflict-other-area = the law of { $area }
conflict-other = another law
conflict-note = A conflict changes no outcome: the stricter law decides.
advice-note = Advice changes nothing above.
advice-of = { $title }: { $text }

## What is missing

missing-none = Nothing: the outcome does not depend on any other fact.
# Behind the questions.
missing-pack = No answer can settle it: a rule pack is missing.
missing-more = An answer may settle it, or raise further questions.
# A question's fact, and what it takes for an answer.
missing-fact = Fact { $fact }: { $kind }.
missing-settles = { $settles } of { $of } possible answers settle the outcome.
kind-flag = yes or no
kind-count = a whole number
kind-count-of = a whole number of { $unit }
kind-day = a day
kind-area = a legal area
kind-one-of = one of { $words }

## What to do

to-do-none = No duty comes with this crossing as it stands.
duty-due = Until when: { $due }. { $articles }
document-of = { $document } (rule { $rule })

## What would make it possible

# Nothing was found that somebody could do.
possible-none = Nothing that these packs know.
remedy-wait = Wait until { $day }, when the law changes.
remedy-compute = Take the computation to the data, and let out only results that are about nobody and of no class that a rule names.
remedy-needs = Needed: { $question } ({ $fact } = yes)
# A fact that is not known and would have to be so.
remedy-provided = Provided: { $question } ({ $fact } = { $value })
remedy-then = Then: { $outcome } at worst.

## Packs and the end of the page

pack-line = { $pack } { $version }, known from { $day }: { $status }
pack-hash = SHA-256 { $hash }
status-draft = draft, not reviewed by a lawyer
status-checked = compared with its sources, not reviewed by a lawyer
status-reviewed = reviewed by a lawyer
packs-none = No pack applies.
disclaimer = This is decision support, not legal advice.
decision-hash = SHA-256 of this decision as JSON: { $hash }
signature-line = Name:                                  Date:                 Signature:
english-instead =
    { $count ->
        [one] One text has
       *[other] { $count } texts have
    } no reviewed translation into this language yet and { $count ->
        [one] is
       *[other] are
    } in English.
