//! `import`: stores a login that was exported on another machine, or that another program has.
//!
//! Which of the two it is shows in the content, or `--from` says it. A login of ours is in `store::sealed_login`, those of other
//! programs in `protocol::foreign_login`.

mod args;
mod error;
mod foreign;
mod keeping;
mod view;

use zeroize::Zeroizing;

pub use self::args::ImportArgs;
pub use self::error::ImportError;
use self::keeping::{kept, store_for};
use self::view::ImportOutcome;
use super::Context;
use crate::protocol::foreign_login::{self, ForeignForm};
use crate::protocol::{sanitize, secret_text};
use crate::store::SealedLogin;
use crate::store::sealed_login::{MAX_LINE, SealedLoginError};
use crate::system::{private_file, waiting};

pub fn run(args: &ImportArgs, context: &Context) -> Result<(), ImportError> {
    let bytes = match &args.file {
        Some(path) if path.as_os_str() != "-" => {
            let failed = |source| ImportError::ImportFile { path: sanitize::line(&path.to_string_lossy()), source };
            private_file::read_any(path, MAX_LINE as u64).map_err(failed)?.into()
        }
        _ => context.terminal().promised_secret(&"The exported login", MAX_LINE as u64)?,
    };
    let text = secret_text::decode(&bytes).map_err(|_| foreign_login::binary(&bytes))?;
    let outcome = match args.foreign.from.or_else(|| ForeignForm::of(&text)) {
        // An unknown text may be a damaged one of ours.
        None | Some(ForeignForm::Oauthctl) => exported(args, text, context)?,
        Some(form) => foreign::import(form, &text, &args.foreign, args.replace, context)?,
    };
    Ok(context.answer(&outcome)?)
}

/// Imports a login that `export` encrypted.
fn exported(args: &ImportArgs, line: Zeroizing<String>, context: &Context) -> Result<ImportOutcome, ImportError> {
    if let Some(flag) = args.foreign.given().filter(|_| ForeignForm::of(&line) == Some(ForeignForm::Oauthctl)) {
        return Err(ImportError::NotForExported { flag });
    }
    let line = sealed_of_json(&line).unwrap_or(line);
    SealedLogin::check(&line)?;
    let is_stdin = args.file.as_ref().is_none_or(|path| path.as_os_str() == "-");
    let is_piped = is_stdin && !context.terminal().is_interactive();
    let passphrase = args.passphrase.read(context, false, is_piped)?;
    let open = || {
        SealedLogin::open(&line, &passphrase.text).or_else(|error| match (&error, &passphrase.in_0_1) {
            (SealedLoginError::WrongPassphrase, Some(in_0_1)) => SealedLogin::open(&line, in_0_1).map_err(|_| error),
            _ => Err(error),
        })
    };
    let sealed = waiting::during("Decrypting the login", open)?;
    let profile = context.session.profile_for_import(&sealed.profile)?.value;
    let store = store_for(&profile, args.replace, context)?;
    let mut token = sealed.token;
    // The file of the other machine may be elsewhere on this one.
    token.cacert = context.session.cacert(Some(&token))?;
    let kind = store.save(&profile, &token)?;
    kept(&profile, &token, kind, context)
}

/// Returns the line in an answer of `export --json`.
fn sealed_of_json(text: &str) -> Option<Zeroizing<String>> {
    let answer: serde_json::Value = serde_json::from_str(text.trim()).ok()?;
    answer.get("sealed")?.as_str().map(|line| Zeroizing::new(line.to_owned()))
}
