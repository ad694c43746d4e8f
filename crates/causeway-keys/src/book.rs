//! The lives of keys as a function: what an act does to the records of all keys. Nothing is made,
//! signed or written here.

use causeway_dcp::jwk::Algorithm;
use causeway_types::Timestamp;
use causeway_types::limits::KEYS_MAX;

use crate::fault::KeyFault;
use crate::record::{ALGORITHMS, KeyName, KeyRecord, KeyState, Purpose, Rotation};

/// What can be done to keys; each is a method of [`KeyStore`](crate::KeyStore), which says what it
/// does.
#[derive(Debug, Clone)]
pub enum Act {
    /// Makes the first key of a purpose.
    Generate(Purpose, Algorithm),
    /// Makes the key that replaces the active one.
    Rotate(Purpose, Rotation),
    /// Lets time pass.
    Settle,
    /// Ends an overlap early.
    Retire(KeyName),
    /// Takes a key back.
    Revoke(KeyName),
    /// Forgets a key.
    Destroy(KeyName),
}

/// A key to be made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) purpose: Purpose,
    pub(crate) algorithm: Algorithm,
    pub(crate) state: KeyState,
}

/// What an act comes to.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The records afterwards, without the key that is to be made.
    pub(crate) after: Vec<KeyRecord>,
    /// The key that is to be made.
    pub(crate) wanted: Option<Wanted>,
    /// The keys that the act is about or that changed, apart from the one that is to be made.
    pub(crate) touched: Vec<KeyName>,
}

/// What `act` does to `keys` at the time `now`.
pub(crate) fn plan(keys: &[KeyRecord], act: &Act, now: Timestamp) -> Result<Plan, KeyFault> {
    let mut after = keys.to_vec();
    let mut wanted = None;
    let touched = match act {
        Act::Generate(purpose, algorithm) => {
            wanted = Some(generate(keys, *purpose, *algorithm, now)?);
            Vec::new()
        }
        Act::Rotate(purpose, rotation) => {
            wanted = Some(rotate(keys, *purpose, *rotation, now)?);
            Vec::new()
        }
        Act::Settle => settle(&mut after, now),
        Act::Retire(name) => retire(&mut after, name, now)?,
        Act::Revoke(name) => {
            let key = found(&mut after, name)?;
            if key.is_active() {
                return Err(refused("revoke", key, "one that is not in use: retire it first"));
            }
            key.state = KeyState::Revoked { since: now };
            vec![name.clone()]
        }
        Act::Destroy(name) => {
            let key = found(&mut after, name)?;
            let signs = key.is_active() || matches!(key.state, KeyState::Retired { .. });
            if signs && key.is_published(now) {
                return Err(refused("destroy", key, "one that nobody has to find any longer"));
            }
            after.retain(|key| key.name != *name);
            vec![name.clone()]
        }
    };
    if let Some(wanted) = &wanted {
        if !ALGORITHMS.contains(&wanted.algorithm) {
            return Err(KeyFault::Algorithm { found: wanted.algorithm });
        }
        if after.len() >= KEYS_MAX {
            return Err(KeyFault::Full);
        }
    }
    Ok(Plan { after, wanted, touched })
}

fn generate(
    keys: &[KeyRecord],
    purpose: Purpose,
    algorithm: Algorithm,
    now: Timestamp,
) -> Result<Wanted, KeyFault> {
    match keys.iter().find(|key| key.purpose == purpose && key.state.has_private()) {
        Some(key) => Err(taken(key)),
        None => Ok(Wanted { purpose, algorithm, state: KeyState::Active { since: now } }),
    }
}

fn rotate(
    keys: &[KeyRecord],
    purpose: Purpose,
    rotation: Rotation,
    now: Timestamp,
) -> Result<Wanted, KeyFault> {
    let mut own = keys.iter().filter(|key| key.purpose == purpose);
    if let Some(next) = own.clone().find(|key| matches!(key.state, KeyState::Next { .. })) {
        return Err(taken(next));
    }
    let active = own.find(|key| key.is_active()).ok_or(KeyFault::NoActive { purpose })?;
    let from = now.plus_millis(rotation.overlap_seconds.saturating_mul(1_000));
    let state = KeyState::Next { from, trail_seconds: rotation.trail_seconds };
    Ok(Wanted { purpose, algorithm: rotation.algorithm.unwrap_or(active.algorithm), state })
}

/// Every key whose time has come takes the place of the one before it.
fn settle(keys: &mut [KeyRecord], now: Timestamp) -> Vec<KeyName> {
    let mut touched = Vec::new();
    for purpose in Purpose::ALL {
        let due = |key: &&KeyRecord| {
            key.purpose == purpose
                && matches!(key.state, KeyState::Next { from, .. } if from <= now)
        };
        if let Some(name) = keys.iter().find(due).map(|key| key.name.clone()) {
            touched.extend(promote(keys, &name, now));
        }
    }
    touched
}

fn retire(
    keys: &mut [KeyRecord],
    name: &KeyName,
    now: Timestamp,
) -> Result<Vec<KeyName>, KeyFault> {
    let key = found(keys, name)?;
    if !key.is_active() {
        return Err(refused("retire", key, "the active one"));
    }
    let (purpose, active) = (key.purpose, key.clone());
    let next = keys
        .iter()
        .find(|key| key.purpose == purpose && matches!(key.state, KeyState::Next { .. }))
        .map(|key| key.name.clone())
        .ok_or_else(|| refused("retire", &active, "one that has a successor: rotate it first"))?;
    // The one that was asked for comes first.
    let mut touched = promote(keys, &next, now);
    touched.sort_by_key(|touched| touched != name);
    Ok(touched)
}

/// Makes a next key the active one; the one before it retires.
fn promote(keys: &mut [KeyRecord], name: &KeyName, now: Timestamp) -> Vec<KeyName> {
    let mut touched = Vec::new();
    let mut trail = 0;
    let mut purpose = None;
    for key in keys.iter_mut().filter(|key| key.name == *name) {
        if let KeyState::Next { trail_seconds, .. } = key.state {
            trail = trail_seconds;
            purpose = Some(key.purpose);
        }
    }
    let published_until = now.plus_millis(trail.saturating_mul(1_000));
    for key in keys.iter_mut().filter(|key| Some(key.purpose) == purpose) {
        if key.is_active() {
            key.state = KeyState::Retired { since: now, published_until };
            touched.push(key.name.clone());
        } else if key.name == *name {
            key.state = KeyState::Active { since: now };
            touched.push(key.name.clone());
        }
    }
    touched
}

fn found<'a>(keys: &'a mut [KeyRecord], name: &KeyName) -> Result<&'a mut KeyRecord, KeyFault> {
    keys.iter_mut()
        .find(|key| key.name == *name)
        .ok_or_else(|| KeyFault::Unknown { found: name.to_string() })
}

fn taken(key: &KeyRecord) -> KeyFault {
    let (purpose, name, found) = (key.purpose, key.name.to_string(), key.state.as_str());
    KeyFault::Taken { purpose, name, found }
}

/// The state of a key does not allow what is attempted.
pub(crate) fn refused(doing: &'static str, key: &KeyRecord, expected: &'static str) -> KeyFault {
    KeyFault::State { doing, name: key.name.to_string(), found: key.state.as_str(), expected }
}

#[cfg(test)]
mod tests {
    use causeway_dcp::jwk::PublicKey;

    use super::*;

    #[test]
    fn there_is_a_last_key() {
        // The base point of the curve, as RFC 8032 writes it; the names are what differs.
        let mut point = [0x66; 32];
        point[0] = 0x58;
        let key = |index: usize| KeyRecord {
            name: KeyName::parse(&format!("access-{index}")).unwrap(),
            purpose: Purpose::Access,
            algorithm: Algorithm::EdDsa,
            public: PublicKey::ed25519(&point).unwrap(),
            made: Timestamp::EPOCH,
            state: KeyState::Revoked { since: Timestamp::EPOCH },
        };
        let keys: Vec<KeyRecord> = (0..KEYS_MAX).map(key).collect();
        let act = Act::Generate(Purpose::Access, Algorithm::EdDsa);
        let check = |count: usize, is_made: bool| {
            let plan = plan(&keys[..count], &act, Timestamp::EPOCH);
            assert_eq!(plan.is_ok_and(|plan| plan.wanted.is_some()), is_made, "{count}");
        };
        check(KEYS_MAX - 1, true);
        check(KEYS_MAX, false);
    }
}
