//! The calls on the Secret Service that we make, over one connection and one session for the whole process.

use std::time::Duration;

use super::session::{ENCRYPTED, KeyPair, NotDecrypted, PLAIN, Session};
use crate::keychain::SecretBytes;
use crate::keychain::dbus::{Body, BodyWriter, BusError, Call, Connection, Message, SessionAddress, Unreadable};
use crate::system::clock::Deadline;

const NAME: &str = "org.freedesktop.secrets";
const SERVICE: &str = "/org/freedesktop/secrets";
const NOTHING: &str = "/";

// The interfaces.
const OF_SERVICE: &str = "org.freedesktop.Secret.Service";
const OF_ITEM: &str = "org.freedesktop.Secret.Item";
const OF_COLLECTION: &str = "org.freedesktop.Secret.Collection";
const OF_PROMPT: &str = "org.freedesktop.Secret.Prompt";

const UNKNOWN_METHOD: &str = "org.freedesktop.DBus.Error.UnknownMethod";
const NO_SESSION: &str = "org.freedesktop.Secret.Error.NoSession";

/// The content type of the entries. KWallet shows and stores only text, and all that we store is JSON.
const CONTENT_TYPE: &str = "text/plain";

/// A call that failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error("the keychain is locked")]
    Locked,
    #[error("there is no such entry")]
    NoEntry,
    #[error("there is more than one such entry")]
    Ambiguous,
    #[error("the Secret Service has no default collection")]
    NoCollection,
    #[error(transparent)]
    NotDecrypted(#[from] NotDecrypted),
    #[error("the system has no random numbers ({0})")]
    NoRandom(#[from] std::io::Error),
}

impl From<Unreadable> for CallError {
    fn from(error: Unreadable) -> Self {
        Self::Bus(error.into())
    }
}

/// The entries that a search found.
#[derive(Debug, Default)]
pub struct Found {
    pub unlocked: Vec<String>,
    pub locked: Vec<String>,
}

/// One connection and one session. An error of the connection closes both, and the next call opens them anew.
#[derive(Default)]
pub struct Bus {
    open: Option<Connection>,
    session: Option<Session>,
    /// True once the service has refused `plain`. Remembered for the process only.
    refuses_plain: bool,
}

/// The calls of one operation, which all end at the same time.
pub struct Calls<'a> {
    bus: &'a mut Bus,
    until: Deadline,
}

impl Bus {
    /// Begins an operation that may take this long.
    pub fn within(&mut self, deadline: Duration) -> Calls<'_> {
        Calls { bus: self, until: Deadline::after(deadline) }
    }
}

impl Calls<'_> {
    fn call(&mut self, path: &str, interface: &str, member: &str, body: BodyWriter) -> Result<Message, BusError> {
        self.call_at(NAME, path, interface, member, body)
    }

    fn call_at(
        &mut self,
        destination: &str,
        path: &str,
        interface: &str,
        member: &str,
        body: BodyWriter,
    ) -> Result<Message, BusError> {
        let mut connection = match self.bus.open.take() {
            Some(connection) => connection,
            None => {
                self.bus.session = None;
                Connection::open(&SessionAddress::of_environment(), self.until)?
            }
        };
        let reply = connection.call(Call { destination, path, interface, member, body }, self.until);
        // After any other error, what is read next may belong to this call.
        if matches!(reply, Ok(_) | Err(BusError::Method { .. })) {
            self.bus.open = Some(connection);
        }
        reply
    }

    /// Searches all collections. Must be a client's first call; the head of `secret_service` says why, and why it is
    /// repeated once.
    pub fn search(&mut self, attributes: &[(&str, &str)]) -> Result<Found, CallError> {
        let mut ask = || {
            let body = BodyWriter::with_room(0).texts(attributes);
            self.call(SERVICE, OF_SERVICE, "SearchItems", body)
        };
        let reply = match ask() {
            Err(BusError::Method { name, .. }) if name == UNKNOWN_METHOD => ask(),
            reply => reply,
        }?;
        let mut body = reply.body("aoao")?;
        let mut paths = || Ok::<_, Unreadable>(body.object_paths()?.into_iter().map(str::to_owned).collect());
        Ok(Found { unlocked: paths()?, locked: paths()? })
    }

    /// Opens the session, unless there is one.
    pub fn open_session(&mut self) -> Result<(), CallError> {
        if self.bus.session.is_some() && self.bus.open.is_some() {
            return Ok(());
        }
        if !self.bus.refuses_plain {
            match self.ask_for_session(PLAIN, |body| body.variant_text("")) {
                Ok(reply) => {
                    let mut body = reply.body("vo")?;
                    // The value has no meaning, and services differ in its type.
                    body.skip_variant()?;
                    let path = body.object_path()?;
                    if path != NOTHING {
                        self.bus.session = Some(Session::plain(path.to_owned()));
                        return Ok(());
                    }
                }
                Err(BusError::Method { name, .. }) if is_refusal(&name) => {}
                Err(error) => return Err(error.into()),
            }
            self.bus.refuses_plain = true;
        }
        let pair = KeyPair::random()?;
        let reply = self.ask_for_session(ENCRYPTED, |body| body.variant_bytes(&pair.public))?;
        let mut body = reply.body("vo")?;
        body.variant("ay")?;
        let theirs = body.bytes()?;
        self.bus.session = Some(pair.agree(body.object_path()?.to_owned(), theirs)?);
        Ok(())
    }

    fn ask_for_session(
        &mut self,
        algorithm: &str,
        input: impl FnOnce(BodyWriter) -> BodyWriter,
    ) -> Result<Message, BusError> {
        let body = input(BodyWriter::with_room(0).text(algorithm));
        self.call(SERVICE, OF_SERVICE, "OpenSession", body)
    }

    /// Does the work in a session. A session that the service has forgotten, because it was started anew, is opened again.
    fn in_session<T>(&mut self, mut work: impl FnMut(&mut Self) -> Result<T, CallError>) -> Result<T, CallError> {
        self.open_session()?;
        match work(self) {
            Err(CallError::Bus(BusError::Method { name, .. })) if name == NO_SESSION => {
                self.bus.session = None;
                self.open_session()?;
                work(self)
            }
            done => done,
        }
    }

    fn session(&self) -> Result<&Session, CallError> {
        self.bus.session.as_ref().ok_or_else(|| Unreadable::Form.into())
    }

    pub fn secret(&mut self, item: &str) -> Result<SecretBytes, CallError> {
        self.in_session(|calls| {
            let body = BodyWriter::with_room(0).object_path(&calls.session()?.path);
            let reply = calls.call(item, OF_ITEM, "GetSecret", body)?;
            let mut body = reply.body("(oayays)")?;
            body.structure()?;
            body.object_path()?;
            let (parameters, value) = (body.bytes()?, body.bytes()?);
            Ok(calls.session()?.open(parameters, value)?)
        })
    }

    pub fn set_secret(&mut self, item: &str, secret: &[u8]) -> Result<(), CallError> {
        self.in_session(|calls| {
            let body = calls.with_secret(BodyWriter::with_room(secret.len()), secret)?;
            calls.call(item, OF_ITEM, "SetSecret", body)?;
            Ok(())
        })
    }

    /// Adds an entry to a collection, or replaces the one with the same attributes.
    pub fn create(
        &mut self,
        collection: &str,
        label: &str,
        attributes: &[(&str, &str)],
        secret: &[u8],
    ) -> Result<(), CallError> {
        let prompt = self.in_session(|calls| {
            let (label, attributes) =
                (("org.freedesktop.Secret.Item.Label", label), ("org.freedesktop.Secret.Item.Attributes", attributes));
            let body = BodyWriter::with_room(secret.len()).properties(&[label], &[attributes]);
            let body = calls.with_secret(body, secret)?.truth(true);
            let reply = calls.call(collection, OF_COLLECTION, "CreateItem", body)?;
            let mut body = reply.body("oo")?;
            body.object_path()?;
            Ok((body.object_path()?.to_owned(), reply.sender.clone()))
        })?;
        self.prompt(&prompt.0, prompt.1.as_deref())
    }

    fn with_secret(&self, body: BodyWriter, secret: &[u8]) -> Result<BodyWriter, CallError> {
        let session = self.session()?;
        let wire = session.seal(secret)?;
        Ok(body.secret(&session.path, &wire.parameters, &wire.value, CONTENT_TYPE))
    }

    pub fn delete(&mut self, item: &str) -> Result<(), CallError> {
        let reply = self.call(item, OF_ITEM, "Delete", BodyWriter::with_room(0))?;
        let prompt = reply.body("o")?.object_path()?.to_owned();
        self.prompt(&prompt, reply.sender.as_deref())
    }

    /// Returns the collection for new entries, which is unlocked, or was without asking anyone.
    pub fn unlocked_collection(&mut self) -> Result<String, CallError> {
        let collection = self.default_collection()?;
        match self.is_locked(&collection)? && !self.unlock_unasked(&collection)? {
            true => Err(CallError::Locked),
            false => Ok(collection),
        }
    }

    fn default_collection(&mut self) -> Result<String, CallError> {
        let body = BodyWriter::with_room(0).text("default");
        let reply = self.call(SERVICE, OF_SERVICE, "ReadAlias", body)?;
        match reply.body("o")?.object_path()? {
            NOTHING => Err(CallError::NoCollection),
            collection => Ok(collection.to_owned()),
        }
    }

    fn is_locked(&mut self, collection: &str) -> Result<bool, CallError> {
        let body = BodyWriter::with_room(0).text(OF_COLLECTION).text("Locked");
        let reply = self.call(collection, "org.freedesktop.DBus.Properties", "Get", body)?;
        let mut body = reply.body("v")?;
        body.variant("b")?;
        Ok(body.truth()?)
    }

    /// Unlocks an entry or a collection if nobody has to be asked. Returns false if somebody would have to be: the prompt
    /// that the service made is dismissed, unseen.
    pub fn unlock_unasked(&mut self, object: &str) -> Result<bool, CallError> {
        let body = BodyWriter::with_room(0).object_paths(&[object]);
        let reply = self.call(SERVICE, OF_SERVICE, "Unlock", body)?;
        let mut body = reply.body("aoo")?;
        let unlocked = body.object_paths()?.contains(&object);
        let prompt = body.object_path()?.to_owned();
        if prompt != NOTHING {
            self.dismiss(&prompt);
        }
        Ok(unlocked)
    }

    /// Answers a prompt that the service wants before it writes. Most never do, since nothing is written where the
    /// collection is locked.
    fn prompt(&mut self, prompt: &str, service: Option<&str>) -> Result<(), CallError> {
        if prompt == NOTHING {
            return Ok(());
        }
        let rule = format!("type='signal',interface='{OF_PROMPT}',member='Completed',path='{prompt}'");
        let bus = "org.freedesktop.DBus";
        self.call_at(bus, "/org/freedesktop/DBus", bus, "AddMatch", BodyWriter::with_room(0).text(&rule))?;
        // No window of ours is on the screen.
        let body = BodyWriter::with_room(0).text("");
        self.call(prompt, OF_PROMPT, "Prompt", body)?;
        let mut connection = self.bus.open.take().ok_or(BusError::Silent)?;
        let completed = connection.signal(self.until, |signal| {
            signal.sender.as_deref() == service
                && signal.path.as_deref() == Some(prompt)
                && signal.interface.as_deref() == Some(OF_PROMPT)
                && signal.member.as_deref() == Some("Completed")
        });
        let completed = match completed {
            Ok(completed) => completed,
            Err(error) => {
                // Nobody waits for the window any more.
                self.bus.open = Some(connection);
                self.until = Deadline::after(Duration::from_millis(200));
                self.dismiss(prompt);
                self.bus.open = None;
                return Err(error.into());
            }
        };
        self.bus.open = Some(connection);
        if is_dismissed(&completed)? { Err(CallError::Locked) } else { Ok(()) }
    }

    /// Takes a prompt away. Whether that works changes nothing.
    fn dismiss(&mut self, prompt: &str) {
        let _ = self.call(prompt, OF_PROMPT, "Dismiss", BodyWriter::with_room(0));
    }
}

fn is_dismissed(completed: &Message) -> Result<bool, Unreadable> {
    let mut body: Body<'_> = completed.body("bv")?;
    body.truth()
}

/// Returns true if an error means that the service does not want this kind of session. The name that the specification has
/// is `NotSupported`; others have been seen, so only what says something else is left out.
fn is_refusal(name: &str) -> bool {
    let of_bus = name.strip_prefix("org.freedesktop.DBus.Error.");
    let other =
        ["ServiceUnknown", "NameHasNoOwner", "NoReply", "Disconnected", "Timeout", "LimitsExceeded", "NoMemory"];
    of_bus.is_none_or(|name| !other.contains(&name) && !name.starts_with("Spawn."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_is_not_there_has_refused_nothing() {
        let of_bus = |name: &str| is_refusal(&format!("org.freedesktop.DBus.Error.{name}"));
        assert!(of_bus("NotSupported") && of_bus("InvalidArgs") && of_bus("Failed"));
        assert!(is_refusal("org.kde.kwallet.Unsupported"));
        assert!(!of_bus("ServiceUnknown") && !of_bus("NoReply") && !of_bus("Spawn.ExecFailed"));
    }
}
