//! Command lines that name one login and another, or one and several.

use super::Command;
use crate::commands::many::ManyArgs;
use crate::protocol::sanitize;
use crate::store::Profile;

impl Command {
    /// Returns the flag that names several logins, if it is there.
    pub(super) fn many(&self) -> Option<&ManyArgs> {
        let many = match self {
            Self::Call(args) => &args.many,
            Self::Refresh(args) => &args.many,
            Self::Status(args) => &args.many,
            Self::Scopes(args) => &args.many,
            Self::Logout(args) => &args.many,
            _ => return None,
        };
        many.patterns().map(|_| many)
    }

    /// Returns the argument that is meant for one login, where several are named.
    fn for_one_login(&self, typed: Option<&Profile>) -> Option<&str> {
        let own = match self {
            Self::Call(args) => args.for_one_login(),
            Self::Scopes(args) => args.for_one_login(),
            _ => None,
        };
        own.or(self.trace().0.map(|_| "--trace FILE"))
            .or(typed.map(|_| "--profile"))
            .or_else(|| self.login().map(Profile::as_str))
    }

    /// Returns the argument and the flag that name two different things, if they do.
    pub(super) fn contradiction(&self, typed: Option<&Profile>) -> Option<String> {
        let differ = |argument: &str, flag: &str, value: &str| {
            let words = || format!("`{}` and `{flag} {}` differ", sanitize::line(argument), sanitize::line(value));
            (argument != value).then(|| words() + ": leave out one of them")
        };
        let is_due = matches!(self, Self::Refresh(args) if args.due().is_some());
        if is_due && typed.or(self.login()).is_some() && self.many().is_none() {
            return Some("`--due` looks at all logins: `--profiles` takes some of them".to_owned());
        }
        if self.many().is_some() {
            let one = self.for_one_login(typed)?;
            return Some(format!("`--profiles` is for several logins, and `{one}` is not: leave out one of them"));
        }
        match self {
            Self::Login(args) => differ(args.named.as_ref()?, "--provider", args.provider.as_ref()?),
            _ => differ(self.login()?.as_str(), "--profile", typed?.as_str()),
        }
    }
}
