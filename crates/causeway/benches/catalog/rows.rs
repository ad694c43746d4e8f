//! Datasets that do not exist, the same on every run: row `n` depends on `n` only. Their texts are
//! in the six languages of the United Nations, and they differ in what a catalog is searched by.

use std::io::{BufWriter, Write as _};
use std::ops::Range;
use std::path::Path;

use serde_json::{Value, json};

/// The one file that all rows offer, beside the manifest.
pub(crate) const FILE: &str = "rows.csv";
/// Every so many datasets, one is for the reader only and the one after it for somebody else only.
const RESTRICTED_EVERY: u64 = 50;

const LANGUAGES: [&str; 6] = ["ar", "zh", "en", "fr", "ru", "es"];
/// What data is about, in the order of [`LANGUAGES`].
const SUBJECTS: [[&str; 6]; 10] = [
    ["هطول الأمطار", "降雨量", "Rainfall", "Précipitations", "Осадки", "Precipitaciones"],
    ["السكان", "人口", "Population", "Population résidente", "Население", "Población"],
    ["حصاد الحبوب", "谷物收成", "Grain harvest", "Récolte céréalière", "Урожай зерна", "Cosecha"],
    [
        "جودة المياه",
        "水质",
        "Water quality",
        "Qualité de l'eau",
        "Качество воды",
        "Calidad del agua",
    ],
    ["حالات الملاريا", "疟疾病例", "Malaria cases", "Cas de paludisme", "Случаи малярии", "Malaria"],
    ["الالتحاق بالمدارس", "入学率", "School enrolment", "Scolarisation", "Школы", "Matrícula"],
    ["أسعار الغذاء", "食品价格", "Food prices", "Prix alimentaires", "Цены", "Precios"],
    ["الغابات", "森林覆盖", "Forest cover", "Couvert forestier", "Леса", "Bosques"],
    ["توليد الكهرباء", "发电量", "Electricity", "Électricité", "Электроэнергия", "Electricidad"],
    ["حوادث الطرق", "道路事故", "Road accidents", "Accidents routiers", "Аварии", "Accidentes"],
];
/// How a row is described, in the same order.
const SENTENCES: [&str; 6] = [
    "قيم شهرية لكل محطة ومنطقة، مع عدد القياسات وطريقة الجمع",
    "按站点和地区的月度数值，附测量次数和收集方法",
    "Monthly values by station and district, with the number of readings and how they were taken",
    "Valeurs mensuelles par station et district, avec le nombre de relevés et la méthode",
    "Месячные значения по станциям и районам, с числом измерений и способом сбора",
    "Valores mensuales por estación y distrito, con el número de mediciones y el método",
];
const PLACES: [&str; 20] = [
    "KE", "KE-30", "NG", "NG-LA", "EG", "MA", "CN", "CN-SH", "IN", "IN-KL", "BR", "BR-SP", "PE",
    "FR", "FR-75C", "CH", "CH-ZH", "RU", "KZ", "ES",
];
const LICENCES: [&str; 5] = ["CC-BY-4.0", "CC0-1.0", "CC-BY-SA-4.0", "ODbL-1.0", "etalab-2.0"];

/// Writes the rows, one JSON document a line.
pub(crate) fn write(path: &Path, rows: Range<u64>, reader: &str) -> std::io::Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    for n in rows {
        writeln!(file, "{}", row(n, reader))?;
    }
    file.flush()
}

/// The id of a dataset.
pub(crate) fn id(n: u64) -> String {
    format!("urn:uuid:00000000-0000-8000-8000-{n:012x}")
}

/// Words that some dataset has in one of its languages: what it is about, a place and a year.
pub(crate) fn words(n: u64) -> String {
    let Row { subject, language, place, year } = Row::of(n);
    format!("{} {} {year}", SUBJECTS[subject][language], PLACES[place])
}

/// Two words, each of which every tenth dataset has, and none has both.
pub(crate) fn never_together() -> String {
    format!("{} {}", SUBJECTS[0][2], SUBJECTS[1][2])
}

/// A number that looks as if it were drawn (SplitMix64).
pub(crate) fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What a row is made of.
struct Row {
    subject: usize,
    language: usize,
    place: usize,
    year: u64,
}

impl Row {
    fn of(n: u64) -> Self {
        let drawn = mixed(n);
        let pick = |shift: u32, of: usize| (drawn >> shift) as usize % of;
        Self {
            subject: pick(0, SUBJECTS.len()),
            language: pick(16, LANGUAGES.len()),
            place: pick(32, PLACES.len()),
            year: 1990 + (drawn >> 48) % 36,
        }
    }
}

fn row(n: u64, reader: &str) -> Value {
    let Row { subject, language, place, year } = Row::of(n);
    let mut row = json!({
        "file": FILE,
        "dataset_id": id(n),
        "themes": [format!("https://themes.example/{subject}")],
        "keywords": [SUBJECTS[subject][language], format!("series {n}")],
        "licence": LICENCES[(n % 5) as usize],
        "spatial": [PLACES[place]],
        "time": format!("{year}-01-01/{year}-12-31"),
    });
    // Every dataset is titled in its own language and in English.
    for language in [language, 2] {
        let title = format!("{}, {} {year}", SUBJECTS[subject][language], PLACES[place]);
        row[format!("title_{}", LANGUAGES[language])] = title.into();
        let description = format!("{} ({n}).", SENTENCES[language]);
        row[format!("description_{}", LANGUAGES[language])] = description.into();
    }
    match n % RESTRICTED_EVERY {
        0 => row["audience"] = json!([reader]),
        1 => row["audience"] = json!(["did:web:somebody-else.example"]),
        _ => {}
    }
    row
}
