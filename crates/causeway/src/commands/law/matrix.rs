//! `causeway law matrix`: who accepts which mechanism, from area to area.

use causeway_law::{Engine, Language, MatrixError, Question, Topic, Words};

use crate::cli::Context;
use crate::commands::check::{count, day, language};
use crate::exit::{Exit, Failure, Outcome};

/// How the matrix is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A row for each exporter and all importers of which the law says the same.
    Table,
    /// A page for people.
    Html,
    /// A line for each mechanism of each pair.
    Csv,
    /// Every pair with its mechanisms.
    Json,
}

/// Show who accepts which mechanism, from area to area.
///
/// For each pair of areas: what the law says if nothing is in place, and what makes it pass, with
/// the articles. What is not about the class of data is taken as no or 0.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the data is, such as health or employee; repeatable, or with commas between.
    #[arg(long, value_name = "CLASS", value_delimiter = ',', default_value = "ordinary")]
    data: Vec<String>,
    /// What it is for, such as service.
    #[arg(long, value_name = "PURPOSE", value_delimiter = ',')]
    purpose: Vec<String>,
    /// About how many people it is.
    #[arg(long, value_name = "COUNT", value_parser = count, allow_negative_numbers = true)]
    persons: Option<u64>,
    /// Areas of exporters; all whose law is known if missing.
    #[arg(long, value_name = "AREA", value_delimiter = ',')]
    from: Vec<String>,
    /// Areas of importers; all whose law is known if missing.
    #[arg(long, value_name = "AREA", value_delimiter = ',')]
    to: Vec<String>,
    /// How it is written; JSON with --json.
    #[arg(long, value_enum, default_value_t = Format::Table, conflicts_with = "json")]
    format: Format,
    /// The day whose law is applied; today if missing.
    #[arg(long, value_name = "DATE")]
    at: Option<String>,
    /// The day whose rule packs are applied; today if missing.
    #[arg(long, value_name = "DATE")]
    known_at: Option<String>,
    /// The language of the page: ar, en, es, fr, ru or zh.
    #[arg(long, value_name = "LANGUAGE", value_parser = language, default_value = "en")]
    lang: Language,
}

/// Runs the subcommand.
pub(super) fn run(context: &Context, engine: &Engine, args: &Args) -> Outcome {
    let words = [(Topic::Data, &args.data), (Topic::Purpose, &args.purpose)];
    let words = words
        .into_iter()
        .flat_map(|(topic, words)| words.iter().map(move |word| (topic, word.clone())));
    let question = Question {
        words: words.collect(),
        persons: args.persons,
        from: args.from.clone(),
        to: args.to.clone(),
        as_of: day("at", &args.at)?,
        known_at: day("known-at", &args.known_at)?,
    };
    let classes = super::shipped_classes(engine)?;
    let matrix = engine.matrix(&classes, question).map_err(|error| {
        let failure = Failure::new(Exit::Usage, error.to_string());
        match error {
            MatrixError::Class(_) => failure.hint("the words are listed by: causeway law classes"),
            MatrixError::Fact(_) => failure,
        }
    })?;
    let format = if context.output.is_json() { Format::Json } else { args.format };
    match format {
        Format::Json => context.output.document(&matrix.to_json()),
        Format::Csv => context.output.text(&matrix.to_csv()),
        Format::Html => context.output.text(&matrix.to_html(&Words::of(args.lang))),
        Format::Table => {
            let rows: Vec<Vec<String>> = matrix.rows().into_iter().map(Vec::from).collect();
            let header = ["from", "to", "without a mechanism", "what makes it pass"];
            context.output.table(&header, &rows)?;
            context.output.say(causeway_law::DISCLAIMER);
            Ok(())
        }
    }
}
