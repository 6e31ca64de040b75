//! The process above this one. The system tells a name without ado, and a shell starts us itself.

use std::os::unix::process::parent_id;

/// Whether the parent is still to be named.
pub struct Above(bool);

impl Above {
    pub fn this_process() -> Self {
        Self(true)
    }

    pub fn step(&mut self) -> Option<String> {
        if !std::mem::take(&mut self.0) {
            return None;
        }
        let mut name = [0u8; 256];
        let parent = libc::c_int::try_from(parent_id()).ok()?;
        // SAFETY: the buffer lives through the call, and the length is the buffer's.
        let length = unsafe { libc::proc_name(parent, name.as_mut_ptr().cast(), name.len() as u32) };
        let length = usize::try_from(length).ok().filter(|length| *length > 0)?;
        Some(String::from_utf8_lossy(name.get(..length)?).into_owned())
    }
}
