//! The processes above this one, from a snapshot of all.
//!
//! Windows does not keep a parent's number from being given to another process once the parent has ended. Then the name is
//! wrong, and so at worst is the language of a hint.

use std::collections::HashMap;
use std::mem::{size_of, zeroed};

use windows_sys::Win32::Foundation::{CloseHandle, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};

pub struct Above {
    /// The parent and the program of each process.
    all: HashMap<u32, (u32, String)>,
    next: Option<u32>,
}

impl Above {
    pub fn this_process() -> Self {
        let all = all_processes();
        let next = all.get(&std::process::id()).map(|(parent, _)| *parent);
        Self { all, next }
    }

    pub fn step(&mut self) -> Option<String> {
        // Each is named once, so that a circle ends.
        let (parent, name) = self.all.remove(&self.next?)?;
        self.next = Some(parent);
        Some(name)
    }
}

fn all_processes() -> HashMap<u32, (u32, String)> {
    let mut all = HashMap::new();
    // SAFETY: the snapshot is closed once, and the entry lives through the calls and says its own size.
    unsafe {
        let snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
        if snapshot == INVALID_HANDLE_VALUE {
            return all;
        }
        let mut entry: PROCESSENTRY32W = zeroed();
        entry.dwSize = size_of::<PROCESSENTRY32W>() as u32;
        let mut is_there = Process32FirstW(snapshot, &mut entry);
        while is_there != 0 {
            let name = entry.szExeFile.split(|unit| *unit == 0).next().unwrap_or_default();
            all.insert(entry.th32ProcessID, (entry.th32ParentProcessID, String::from_utf16_lossy(name)));
            is_there = Process32NextW(snapshot, &mut entry);
        }
        CloseHandle(snapshot);
    }
    all
}
