//! The signals that a command can be sent when its token was renewed.

/// A signal that programs use to read their configuration again, or that they can be told to use.
// Those that end or stop a program whatever it does are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CommandSignal {
    #[value(name = "HUP", alias = "SIGHUP", alias = "1")]
    Hup,
    #[value(name = "USR1", alias = "SIGUSR1")]
    Usr1,
    #[value(name = "USR2", alias = "SIGUSR2")]
    Usr2,
    #[value(name = "WINCH", alias = "SIGWINCH")]
    Winch,
    #[value(name = "CONT", alias = "SIGCONT")]
    Cont,
    #[value(name = "INT", alias = "SIGINT", alias = "2")]
    Int,
    #[value(name = "TERM", alias = "SIGTERM", alias = "15")]
    Term,
}

#[cfg(unix)]
impl From<CommandSignal> for rustix::process::Signal {
    fn from(signal: CommandSignal) -> Self {
        match signal {
            CommandSignal::Hup => Self::HUP,
            CommandSignal::Usr1 => Self::USR1,
            CommandSignal::Usr2 => Self::USR2,
            CommandSignal::Winch => Self::WINCH,
            CommandSignal::Cont => Self::CONT,
            CommandSignal::Int => Self::INT,
            CommandSignal::Term => Self::TERM,
        }
    }
}
