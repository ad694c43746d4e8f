//! The facts and packs that come with this program.

/// The dictionary, in parts.
pub(super) const FACTS: &[&str] = &[
    include_str!("../../facts/common.toml"),
    include_str!("../../facts/asean.toml"),
    include_str!("../../facts/asia.toml"),
    include_str!("../../facts/west.toml"),
    include_str!("../../facts/world.toml"),
];

macro_rules! packs {
    ($($name:literal),* $(,)?) => {
        /// Every pack, by its file.
        pub(super) const PACKS: &[(&str, &str)] = &[$((
            concat!($name, ".toml"),
            include_str!(concat!("../../packs/", $name, ".toml")),
        )),*];
    };
}

packs![
    "ae",
    "ae-adgm",
    "ae-difc",
    "ar",
    "au",
    "br",
    "ca",
    "ca-qc",
    "ch",
    "cn",
    "eu",
    "gb",
    "gh",
    "hk",
    "id",
    "in",
    "jp",
    "ke",
    "kr",
    "kz",
    "mo",
    "mx",
    "my",
    "ng",
    "nz",
    "ph",
    "region-africa",
    "region-asean",
    "region-cbpr",
    "region-coe",
    "region-cptpp",
    "region-depa",
    "region-eu-japan",
    "region-rcep",
    "ru",
    "rw",
    "sa",
    "sg",
    "th",
    "tr",
    "us",
    "uy",
    "vn",
    "za",
];
