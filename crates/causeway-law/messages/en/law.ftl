# Pages about the rule packs themselves: the review of one pack, and the matrix of all areas.

## Words of packs

stage-prohibition = prohibition
stage-exemption = exemption
stage-trigger = trigger
stage-mechanism = mechanism
stage-obligation = obligation
stage-advice = advice

## Conditions in words

condition-always = always
condition-all = all of these:
condition-any = at least one of these:
condition-not = not this:
# A question of the dictionary with the answer that the rule asks for.
condition-answer = { $question } — { $answer }
answer-equal = { $value }
answer-not-equal = not { $value }
answer-less = fewer than { $value }
answer-at-most = { $value } or fewer
answer-more = more than { $value }
answer-at-least = { $value } or more
answer-before = before { $value }
answer-until = { $value } or before
answer-after = after { $value }
answer-since = { $value } or later
answer-one-of = one of { $words }
answer-none-of = none of { $words }
# A value that a parameter of the pack has during a time.
value-since = { $value } (since { $from })
value-between = { $value } (from { $from } until { $until })
value-of-fact = the answer to: { $question }

## The review of one pack

review-title = { $title }: every rule for review
review-pack = Pack
review-version = Version
review-known-from = Known from
review-status = Status
review-hash = SHA-256 of the file
review-role = Kind of pack
# Kinds of packs: law; instruments that nobody has to follow; rules an organisation gave itself.
role-law = law
role-advisory = advice
role-organisation = rules of an organisation
review-law-from = Knows the law from
review-covers = Areas
review-applies = When it is asked
review-otherwise = Where no rule holds
review-otherwise-unknown = the outcome is unknown
review-sources = Sources
review-source-key = Key
review-source-title = Title
review-source-number = Number
review-source-read = Text read for this pack
review-rules = Rules
review-rule = Rule
review-says = What it says
review-when = When it holds
review-effect = What follows
review-article = Article
review-agree = Agreed
review-in-force = in force since { $from }
review-in-force-until = in force from { $from } until { $until }
review-overrides = overrides { $rules }
review-satisfies = satisfies { $rules }
review-duty = duty: { $text } ({ $due })
review-document = document: { $text }
review-conflicts = Conflicts with other laws
review-conflict = Conflict
review-values = Thresholds and lists
review-value-name = Name
review-value = Value
review-duties = Duties
review-duty-id = Duty
review-duty-text = What has to be done
review-duty-due = Until when
review-cases = { $count } cases come with this pack; the command “causeway law test” proves that each has the outcome it names.
review-signature = I have compared every rule above with the article beside it, except where I noted otherwise.
review-name = Name
review-licence = Admitted to the bar in
review-date = Date
review-sign = Signature

## The matrix

matrix-title = Who accepts which mechanism
matrix-caption = What the law says of { $data } from the area of a row to the area of a column, if no mechanism is in place.
matrix-day = Law in force on { $day }.
matrix-from = From
matrix-persons = { $data }, { $count } persons
matrix-assumed = Everything that is not about the class of data is taken as no or 0. A crossing of one's own is checked with: causeway check FROM TO
matrix-mechanisms = What makes each crossing pass
matrix-mechanism = Mechanism
matrix-needs = Needed
matrix-articles = Articles
matrix-then = Then
matrix-none = Nothing that these packs know makes it pass.
matrix-outcome = Without a mechanism: { $outcome }
# In a cell of the big table: not decided, and the strictest outcome that is possible.
matrix-open = not decided; { $worst } at worst
# Before a list of questions.
matrix-depends = It is not decided without an answer to:
matrix-group = { $name } ({ $count } areas)
# A group of areas, and which they are.
matrix-members = { $name }: { $areas }
matrix-groups = Groups of areas that the law treats alike
matrix-legend = Outcomes
matrix-ways = { $count ->
        [0] no way known
        [one] 1 way
       *[other] { $count } ways
    }
