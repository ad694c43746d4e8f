//! The trust files of a node, and the one question that they answer: may this issuer vouch for this
//! at this time? Whether the credential is genuine is asked elsewhere, before.

use causeway_types::Timestamp;
use serde_json::{Map, Value};

use super::schemas::Compiled;
use super::{CompiledSchema, Issuer, Schemas, TrustFile};
use crate::did::Did;
use crate::types::{self, ClaimKind};

/// What every credential is, and which says nothing.
const EVERY: &str = "VerifiableCredential";

/// The trust files that a node goes by, one a dataspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    files: Vec<TrustFile>,
    compiled: Compiled,
}

/// What a credential says, as far as trust depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Vouching<'c> {
    /// Who signed it.
    pub issuer: &'c Did,
    /// All its types.
    pub types: &'c [&'c str],
    /// What it says of its subject.
    pub claims: &'c Map<String, Value>,
    /// The algorithm of its signature, such as `ES256`.
    pub suite: &'c str,
}

/// Why an issuer is not believed. In this order: the later, the closer it came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Distrust {
    /// There is no trust file at all.
    #[error("no trust file is installed: nobody is believed")]
    NoFile,
    /// No file names the issuer.
    #[error("no trust file names {issuer} as an issuer")]
    UnknownIssuer {
        /// Who signed.
        issuer: Did,
    },
    /// The file is not in force.
    #[error("the trust file of {dataspace} is in force from {from} until {until} only")]
    FileNotInForce {
        /// The dataspace.
        dataspace: String,
        /// The first moment.
        from: Timestamp,
        /// The first moment after it.
        until: Timestamp,
    },
    /// The issuer is not, or no longer, one.
    #[error("the trust file of {dataspace} names {issuer} from {from} until {until} only")]
    IssuerNotInForce {
        /// The dataspace.
        dataspace: String,
        /// Who signed.
        issuer: Did,
        /// The first moment.
        from: Timestamp,
        /// The first moment after it.
        until: Timestamp,
    },
    /// Credentials of the dataspace are not signed like that.
    #[error("the trust file of {dataspace} does not take signatures of {suite}")]
    Suite {
        /// The dataspace.
        dataspace: String,
        /// The algorithm.
        suite: String,
    },
    /// The credential says only that it is one.
    #[error("{issuer} issued a credential without a type of its own")]
    NoType {
        /// Who signed.
        issuer: Did,
    },
    /// The issuer does not issue such credentials.
    #[error("the trust file of {dataspace} does not let {issuer} issue a {credential_type}")]
    Type {
        /// The dataspace.
        dataspace: String,
        /// Who signed.
        issuer: Did,
        /// What it issued.
        credential_type: String,
    },
    /// It cannot be seen what the issuer vouches for.
    #[error("{issuer} issued a {credential_type} whose {claim} is {problem}")]
    Claim {
        /// Who signed.
        issuer: Did,
        /// What it issued.
        credential_type: String,
        /// The claim.
        claim: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The issuer may not vouch for this area or scheme.
    #[error("the trust file of {dataspace} does not let {issuer} vouch for the {what} {value}")]
    Value {
        /// The dataspace.
        dataspace: String,
        /// Who signed.
        issuer: Did,
        /// `legal area` or `scheme`.
        what: &'static str,
        /// Which, cut.
        value: String,
    },
}

impl Trust {
    /// Goes by these files; of several of one dataspace, the one with the highest number counts.
    pub fn new(files: impl IntoIterator<Item = TrustFile>) -> Self {
        let mut kept: Vec<TrustFile> = Vec::new();
        for file in files {
            match kept.iter_mut().find(|known| known.dataspace == file.dataspace) {
                Some(known) if known.sequence < file.sequence => *known = file,
                Some(_) => {}
                None => kept.push(file),
            }
        }
        Self { files: kept, compiled: Compiled::default() }
    }

    /// Has what became of the schemas of the files, by the SHA-256 of their bytes.
    pub fn with_schemas(
        mut self,
        compiled: impl IntoIterator<Item = (String, CompiledSchema)>,
    ) -> Self {
        self.compiled.0.extend(compiled);
        self
    }

    /// The files.
    pub fn files(&self) -> &[TrustFile] {
        &self.files
    }

    /// The file of a dataspace.
    pub fn of(&self, dataspace: &str) -> Option<&TrustFile> {
        self.files.iter().find(|file| file.dataspace == dataspace)
    }

    /// The schemas that credentials may name, of files that are in force.
    pub fn schemas(&self, at: Timestamp) -> Schemas {
        let files = self.files.iter().filter(|file| file.period.contains(at));
        let compiled = |sha256: &String| match self.compiled.0.get(sha256) {
            Some(compiled) => compiled.clone(),
            None => Err("it was not compiled".to_owned()),
        };
        let schemas = files.flat_map(|file| &file.schemas);
        schemas.map(|schema| (schema.id.clone(), compiled(&schema.sha256))).collect()
    }

    /// Whether somebody is an issuer of anything at this time: enough to take a credential in, not
    /// to believe it.
    pub fn knows(&self, issuer: &Did, at: Timestamp) -> bool {
        let files = self.files.iter().filter(|file| file.period.contains(at));
        let mut issuers = files.flat_map(|file| &file.issuers);
        issuers.any(|known| known.did == *issuer && known.period.contains(at))
    }

    /// Whether an issuer is believed what a credential says, and by which file. If several files
    /// say no, the reason of the one that came closest is told.
    pub fn vouches(&self, said: Vouching<'_>, at: Timestamp) -> Result<&TrustFile, Distrust> {
        let mut closest = match self.files.is_empty() {
            true => Distrust::NoFile,
            false => Distrust::UnknownIssuer { issuer: said.issuer.clone() },
        };
        for file in &self.files {
            let Some(issuer) = file.issuers.iter().find(|known| known.did == *said.issuer) else {
                continue;
            };
            match file.believes(issuer, said, at) {
                Ok(()) => return Ok(file),
                Err(distrust) => closest = closest.max(distrust),
            }
        }
        Err(closest)
    }
}

impl TrustFile {
    fn believes(&self, issuer: &Issuer, said: Vouching<'_>, at: Timestamp) -> Result<(), Distrust> {
        let dataspace = || self.dataspace.clone();
        let who = || issuer.did.clone();
        if !self.period.contains(at) {
            let (from, until) = (self.period.from, self.period.until);
            return Err(Distrust::FileNotInForce { dataspace: dataspace(), from, until });
        }
        if !issuer.period.contains(at) {
            let (from, until) = (issuer.period.from, issuer.period.until);
            let (dataspace, issuer) = (dataspace(), who());
            return Err(Distrust::IssuerNotInForce { dataspace, issuer, from, until });
        }
        if !self.suites.iter().any(|suite| suite == said.suite) {
            let suite = said.suite.chars().take(32).collect();
            return Err(Distrust::Suite { dataspace: dataspace(), suite });
        }
        let mut own = said.types.iter().filter(|name| **name != EVERY).peekable();
        if own.peek().is_none() {
            return Err(Distrust::NoType { issuer: who() });
        }
        // Every type has to be allowed: a second one could say what the first may not.
        for name in own {
            if !issuer.types.iter().any(|known| known.as_str() == *name) {
                let credential_type = name.chars().take(120).collect();
                let (dataspace, issuer) = (dataspace(), who());
                return Err(Distrust::Type { dataspace, issuer, credential_type });
            }
            if let Some(known) = types::credential_type(name) {
                self.believes_claims(issuer, known, said.claims)?;
            }
        }
        Ok(())
    }

    /// Whether the issuer may vouch for the area and the scheme that a credential is about.
    fn believes_claims(
        &self,
        issuer: &Issuer,
        known: &types::BuiltIn,
        claims: &Map<String, Value>,
    ) -> Result<(), Distrust> {
        for claim in &known.claims {
            let problem = |problem| Distrust::Claim {
                issuer: issuer.did.clone(),
                credential_type: known.name.clone(),
                claim: claim.name.clone(),
                problem,
            };
            let value = match claims.get(&claim.name) {
                None | Some(Value::Null) if claim.required => return Err(problem("missing")),
                None | Some(Value::Null) => continue,
                Some(value) => value,
            };
            if !claim.fits(value) {
                return Err(problem("not of its kind"));
            }
            let (what, allowed) = match claim.kind {
                ClaimKind::Area => ("legal area", &issuer.jurisdictions),
                ClaimKind::Scheme => ("scheme", &issuer.schemes),
                ClaimKind::Dataspace => {
                    self.is_own(issuer, value)?;
                    continue;
                }
                _ => continue,
            };
            let value = value.as_str().unwrap_or_default();
            if !allowed.iter().any(|allowed| allowed == value) {
                return Err(self.value(issuer, what, value));
            }
        }
        Ok(())
    }

    /// Membership of a dataspace is vouched for by that dataspace's file.
    fn is_own(&self, issuer: &Issuer, value: &Value) -> Result<(), Distrust> {
        match value.as_str() {
            Some(name) if name == self.dataspace => Ok(()),
            name => Err(self.value(issuer, "dataspace", name.unwrap_or_default())),
        }
    }

    fn value(&self, issuer: &Issuer, what: &'static str, value: &str) -> Distrust {
        Distrust::Value {
            dataspace: self.dataspace.clone(),
            issuer: issuer.did.clone(),
            what,
            value: value.chars().take(64).collect(),
        }
    }
}
