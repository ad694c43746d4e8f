//! One session with a token, opened anew when it is lost: a token that was pulled and put back, or
//! whose service was started again, goes on signing. A refused PIN is never tried twice, because a
//! token locks itself after a few.

use std::collections::HashMap;

use causeway_dcp::jwk::{Algorithm, PublicKey};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use super::{ObjectId, TokenSettings, objects};
use crate::fault::KeyFault;
use crate::record::{KeyName, Purpose};

pub(super) struct Device {
    settings: TokenSettings,
    context: Option<Pkcs11>,
    session: Option<Session>,
    /// Handles are valid as long as the session.
    handles: HashMap<ObjectId, ObjectHandle>,
    is_pin_refused: bool,
}

impl Device {
    /// Nothing is loaded before it is needed.
    pub(super) fn new(settings: TokenSettings) -> Self {
        let handles = HashMap::new();
        Self { settings, context: None, session: None, handles, is_pin_refused: false }
    }

    /// The label of the token.
    pub(super) fn label(&self) -> &str {
        &self.settings.label
    }

    /// Whether a node made keys in this token.
    pub(super) fn has_keys(&mut self) -> Result<bool, KeyFault> {
        self.with("look into the token", |session, _| objects::has_keys(session))
    }

    /// Makes both halves of a key, which never leave the token together.
    pub(super) fn make(
        &mut self,
        purpose: Purpose,
        algorithm: Algorithm,
    ) -> Result<(ObjectId, PublicKey), KeyFault> {
        let doing = "make a key in the token";
        let id = ObjectId::random()?;
        let label = self.settings.label.clone();
        if !self.can_make(doing, algorithm)? {
            return Err(KeyFault::Unsupported { label, algorithm });
        }
        let point =
            self.with(doing, |session, _| objects::make(session, &id, purpose, algorithm))?;
        match objects::public(algorithm, &point) {
            Some(public) => Ok((id, public)),
            None => {
                self.erase(&id)?;
                let reason = "the public half that it made is none that is known".to_owned();
                Err(KeyFault::Token { doing, label, reason })
            }
        }
    }

    fn can_make(&mut self, doing: &'static str, algorithm: Algorithm) -> Result<bool, KeyFault> {
        // The library is loaded with the first session.
        self.with(doing, |session, _| session.get_session_info().map(drop))?;
        let Some(context) = self.context.clone() else { return Ok(false) };
        self.with(doing, |session, _| objects::can_make(&context, session, algorithm))
    }

    /// The signature by the key of this id.
    pub(super) fn sign(
        &mut self,
        id: &ObjectId,
        name: &KeyName,
        algorithm: Algorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, KeyFault> {
        let doing = "sign with the token";
        let signature = self.with(doing, |session, handles| {
            let handle = match handles.get(id) {
                Some(handle) => *handle,
                None => match objects::private(session, id)? {
                    Some(handle) => handle,
                    None => return Ok(None),
                },
            };
            handles.insert(id.clone(), handle);
            objects::sign(session, handle, algorithm, message).map(Some)
        })?;
        let label = self.settings.label.clone();
        let name = name.to_string();
        let signature = signature.ok_or(KeyFault::Missing { name, label })?;
        if algorithm.fits_signature(signature.len()) {
            return Ok(signature);
        }
        let reason = format!("it answered {} bytes, expected 64", signature.len());
        Err(KeyFault::Token { doing, label: self.settings.label.clone(), reason })
    }

    /// Erases both halves of a key; one that is not there is no error.
    pub(super) fn erase(&mut self, id: &ObjectId) -> Result<(), KeyFault> {
        self.handles.remove(id);
        self.with("erase a key in the token", |session, _| objects::erase(session, id))
    }

    /// Does something with a session, and once more with a new one if the first was lost.
    fn with<T>(
        &mut self,
        doing: &'static str,
        work: impl Fn(&Session, &mut HashMap<ObjectId, ObjectHandle>) -> Result<T, Error>,
    ) -> Result<T, KeyFault> {
        let mut is_first = self.session.is_some();
        loop {
            if self.session.is_none() {
                self.session = Some(self.login(doing)?);
            }
            let Some(session) = &self.session else { continue };
            match work(session, &mut self.handles) {
                Ok(done) => return Ok(done),
                Err(error) => {
                    if is_lost(&error) {
                        self.handles.clear();
                        self.session = None;
                        if std::mem::take(&mut is_first) {
                            continue;
                        }
                    }
                    return Err(self.fault(doing, &error));
                }
            }
        }
    }

    fn login(&mut self, doing: &'static str) -> Result<Session, KeyFault> {
        if self.is_pin_refused {
            return Err(self.pin("it was refused before and is not tried again"));
        }
        let (context, slot) = self.find(doing)?;
        let info = context.get_token_info(slot).map_err(|error| self.fault(doing, &error))?;
        if info.user_pin_locked() {
            return Err(self.pin("the token has locked it"));
        }
        if info.user_pin_final_try() {
            return Err(self.pin("one attempt is left, which is not risked"));
        }
        let session = context.open_rw_session(slot).map_err(|error| self.fault(doing, &error))?;
        let pin = AuthPin::new(self.settings.pin.as_str().into());
        match session.login(UserType::User, Some(&pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(Error::Pkcs11(
                error @ (RvError::PinIncorrect
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::PinExpired
                | RvError::PinLocked
                | RvError::UserPinNotInitialized),
                _,
            )) => {
                self.is_pin_refused = true;
                Err(self.pin(match error {
                    RvError::PinLocked => "the token has locked it",
                    RvError::PinExpired => "it has expired",
                    RvError::UserPinNotInitialized => "the token has none yet",
                    _ => "it is not that of the token's user",
                }))
            }
            Err(error) => Err(self.fault(doing, &error)),
        }
    }

    /// The library, loaded, and the slot that the token is in.
    fn find(&mut self, doing: &'static str) -> Result<(Pkcs11, Slot), KeyFault> {
        if let Some(context) = self.context.take() {
            if let Ok(slot) = self.slot(doing, &context) {
                self.context = Some(context.clone());
                return Ok((context, slot));
            }
            // Some libraries look for tokens only when they start. Another store of this process
            // loses its session by that, and opens a new one. If it cannot be ended, it was.
            let _ = context.finalize();
        }
        let context = load(&self.settings).map_err(|error| self.fault(doing, &error))?;
        self.context = Some(context.clone());
        let slot = self.slot(doing, &context)?;
        Ok((context, slot))
    }

    /// The slot that the token is in now; it may be another one after it was pulled.
    fn slot(&self, doing: &'static str, context: &Pkcs11) -> Result<Slot, KeyFault> {
        let slots = context.get_slots_with_token().map_err(|error| self.fault(doing, &error))?;
        let mut labels = Vec::new();
        let mut found = Vec::new();
        for slot in slots {
            // A slot that cannot be asked is none of ours.
            let Ok(info) = context.get_token_info(slot) else { continue };
            if info.label().trim_end() == self.settings.label {
                found.push(slot);
            } else if !info.label().trim_end().is_empty() {
                labels.push(format!("{:?}", info.label().trim_end()));
            }
        }
        let reason = match found.as_slice() {
            [slot] => return Ok(*slot),
            [] if labels.is_empty() => "there is no token".to_owned(),
            [] => format!("found the tokens {}, and none of that label", labels.join(", ")),
            several => format!("found {} tokens of that label, expected one", several.len()),
        };
        Err(KeyFault::Token { doing, label: self.settings.label.clone(), reason })
    }

    fn fault(&self, doing: &'static str, error: &Error) -> KeyFault {
        // The texts of the library name functions and codes, and nothing that was handed to them.
        let reason = match error {
            Error::LibraryLoading(error) => {
                format!("load {}: {error}", self.settings.module.display())
            }
            Error::Pkcs11(code, function) => format!("{function} answered {code:?}"),
            error => error.to_string(),
        };
        KeyFault::Token { doing, label: self.settings.label.clone(), reason }
    }

    fn pin(&self, what: &'static str) -> KeyFault {
        KeyFault::Pin { label: self.settings.label.clone(), what }
    }
}

/// Loads the library. Another store of this process may have done so before.
fn load(settings: &TokenSettings) -> Result<Pkcs11, Error> {
    let context = Pkcs11::new(&settings.module)?;
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(context),
        Err(error) => Err(error),
    }
}

/// Whether a new session may do better.
fn is_lost(error: &Error) -> bool {
    use RvError as Code;
    let Error::Pkcs11(code, _) = error else { return false };
    matches!(
        code,
        Code::SessionHandleInvalid
            | Code::SessionClosed
            | Code::UserNotLoggedIn
            | Code::DeviceRemoved
            | Code::DeviceError
            | Code::TokenNotPresent
            | Code::TokenNotRecognized
            | Code::SlotIdInvalid
            | Code::CryptokiNotInitialized
            | Code::KeyHandleInvalid
            | Code::ObjectHandleInvalid
            | Code::OperationActive
            | Code::GeneralError
            | Code::FunctionFailed
    )
}
