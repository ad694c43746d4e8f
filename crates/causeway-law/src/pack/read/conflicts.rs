//! Reading conflicts between laws.

use super::{Cited, Reader};
use crate::expression::Names;
use crate::facts::is_area;
use crate::pack::Role;
use crate::pack::conflict::{Conflict, Other};
use crate::pack::file::ConflictEntry;

/// Most conflicts of one pack.
const CONFLICTS_MAX: usize = 100;

impl Reader<'_> {
    pub(super) fn conflicts(
        &mut self,
        entries: Vec<ConflictEntry>,
        role: Role,
        names: &Names,
        cited: &mut Cited,
    ) -> Vec<Conflict> {
        if entries.len() > CONFLICTS_MAX {
            let found = entries.len();
            self.error(0..0, format!("found {found} conflicts, expected at most {CONFLICTS_MAX}"));
            return Vec::new();
        }
        if let (Role::Advisory, Some(first)) = (role, entries.first()) {
            let text = "found a conflict in a pack of role advisory".to_owned();
            let help = "what binds nobody forbids nothing; say it as advice";
            self.error_with(first.id.span(), text, help);
        }
        let mut all: Vec<Conflict> = Vec::new();
        for entry in entries {
            if all.iter().any(|known| known.id == *entry.id.get_ref()) {
                self.error(
                    entry.id.span(),
                    format!("found the conflict {} twice", entry.id.get_ref()),
                );
            }
            all.extend(self.conflict(entry, names, cited));
        }
        all
    }

    fn conflict(
        &mut self,
        entry: ConflictEntry,
        names: &Names,
        cited: &mut Cited,
    ) -> Option<Conflict> {
        let mut rules = Vec::new();
        for name in &entry.rules {
            match self.places.get(name.get_ref()) {
                Some(place) => rules.push(*place),
                None => {
                    let text = format!("rules: found {:?}, no such rule", name.get_ref());
                    self.error(name.span(), text);
                }
            }
        }
        let when = self.condition(&entry.when, names);
        let time = self.time(&entry.from, entry.until.as_ref());
        if let (Some(when), Some(time)) = (&when, time) {
            self.spans(&entry.when, "conflict", when, names, time);
        }
        let cite = self.cite(&entry.cite, cited);
        let with = match entry.with.get_ref().as_str() {
            "exporter" => Other::Exporter,
            "importer" => Other::Importer,
            area if is_area(area) => Other::Area(self.dictionary.symbols_mut().intern(area)),
            pack if super::is_id(pack) => Other::Pack(pack.to_owned()),
            found => {
                let text =
                    format!("with: found {found:?}, expected whose law is on the other side");
                let help = "name a pack, a legal area, exporter or importer";
                self.error_with(entry.with.span(), text, help);
                return None;
            }
        };
        let line = self.line(entry.id.span().start);
        let id = self.name(&entry.id)?;
        let (from, until) = time?;
        let text = entry.text;
        Some(Conflict { id, with, from, until, rules, cite, text, line, when: when? })
    }
}
