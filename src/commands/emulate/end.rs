//! The end of `emulate`: its command has ended, or a signal came. Either way its own store is deleted first.
//!
//! A terminal sends Ctrl-C to the command, too, and the command decides what it means: in a shell it clears the line. So
//! while a command runs, only signals that are meant for the emulator end it, and they are passed on.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use super::own_store::OwnStore;
use crate::system::messages;
use crate::system::process;
use crate::system::signals::{EndSignal, EndSignals};
use crate::system::terminal::Terminal;

/// The time for the command to end by a signal that was passed on.
const GRACE: Duration = Duration::from_secs(2);

/// Ends the emulator once, whoever comes first.
pub struct End {
    store: Mutex<Option<OwnStore>>,
    /// The command's process; 0 if there is none.
    child: AtomicU32,
    signal: OnceLock<EndSignal>,
    terminal: Arc<dyn Terminal>,
}

impl End {
    /// Takes over the store, and the signals if the system provides them.
    pub fn new(store: OwnStore, signals: Option<EndSignals>, terminal: Arc<dyn Terminal>) -> Arc<Self> {
        let store = Mutex::new(Some(store));
        let end = Arc::new(Self { store, child: AtomicU32::new(0), signal: OnceLock::new(), terminal });
        if let Some(signals) = signals {
            let watching = Arc::clone(&end);
            // Without a thread, only the store of an emulator that is ended by a signal is left to the next one.
            let _ = process::in_background("signals", move || watching.watch(signals));
        }
        end
    }

    pub fn set_child(&self, id: u32) {
        self.child.store(id, Ordering::SeqCst);
    }

    /// Deletes the store. Ends the process if a signal asked for it.
    pub fn reach(&self) {
        self.delete_store();
        if let Some(signal) = self.signal.get() {
            messages::flush();
            signal.end();
        }
    }

    fn delete_store(&self) -> bool {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner).take();
        let is_first = store.is_some();
        if let Some(store) = store {
            self.terminal.note(&store.delete());
        }
        is_first
    }

    fn watch(&self, mut signals: EndSignals) {
        loop {
            let signal = signals.wait();
            let child = self.child.load(Ordering::SeqCst);
            if child != 0 && signal.is_for_all() {
                continue;
            }
            let _ = self.signal.set(signal);
            if child != 0 {
                signal.pass_on(child);
                thread::sleep(GRACE);
            }
            if self.delete_store() {
                messages::flush();
                signal.end();
            }
        }
    }
}
