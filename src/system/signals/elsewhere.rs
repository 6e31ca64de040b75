//! The guards where the system ends a process without notice: they do nothing.

/// A guard that does nothing: here a process is ended without notice.
#[derive(Debug)]
pub struct SignalGrace(());

impl SignalGrace {
    #[must_use]
    pub fn begin() -> Self {
        Self(())
    }
}

/// Receives nothing: here Ctrl-C ends the process, and the next one of its kind cleans up.
pub struct EndSignals(());

impl EndSignals {
    pub fn receive() -> std::io::Result<Self> {
        Ok(Self(()))
    }

    pub fn wait(&mut self) -> EndSignal {
        loop {
            std::thread::park();
        }
    }
}

#[derive(Clone, Copy)]
pub struct EndSignal(());

impl EndSignal {
    pub fn is_for_all(self) -> bool {
        true
    }

    pub fn pass_on(self, _: u32) {}

    pub fn end(self) {}
}

#[derive(Debug)]
pub struct Writing(());

impl Writing {
    #[must_use]
    pub fn begin() -> Self {
        Self(())
    }
}

#[derive(Debug)]
pub struct RemoveOnSignal(());

impl RemoveOnSignal {
    #[must_use]
    pub fn begin() -> Self {
        Self(())
    }
}

pub struct EndOnSignal(());

impl EndOnSignal {
    pub fn watch(_: &std::process::Child, _: bool) -> Self {
        Self(())
    }
}
