//! Windows: GetExtendedTcpTable lists every connection with its process, and the token of a process names its user.
//!
//! Unproven, as it needs a Windows machine: that another user's process is recognized by the refusal to open it. It
//! counts as unidentified, as does a program of ours with more privileges than we have.

use std::ffi::c_void;
use std::net::SocketAddr;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, NO_ERROR};
use windows_sys::Win32::NetworkManagement::IpHelper::{GetExtendedTcpTable, TCP_TABLE_OWNER_PID_ALL};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};
use windows_sys::Win32::Security::{
    EqualSid, GetTokenInformation, IsWellKnownSid, PSID, TOKEN_QUERY, TOKEN_USER, TokenUser, WinLocalSystemSid,
};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcessId, OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION,
};

use super::{End, Sender, tcp_table};

/// The lookups for the end at the first address of a connection to the second.
pub(super) const LISTS: [fn(SocketAddr, SocketAddr) -> Option<End>; 1] = [in_table];

/// The size limit of the list. It has at most 56 bytes per connection.
const MAX_TABLE: u32 = 4 * 1024 * 1024;

/// How often to ask, as the list may grow after its size was returned.
const TRIES: usize = 5;

fn in_table(local: SocketAddr, remote: SocketAddr) -> Option<End> {
    let family = if local.is_ipv4() { AF_INET } else { AF_INET6 };
    let (mut table, mut size) = (Vec::<u8>::new(), 0);
    for _ in 0..TRIES {
        // SAFETY: the list has `size` bytes, which is what the call may write.
        let code = unsafe {
            let list = if size == 0 { null_mut() } else { table.as_mut_ptr().cast::<c_void>() };
            GetExtendedTcpTable(list, &mut size, 0, u32::from(family), TCP_TABLE_OWNER_PID_ALL, 0)
        };
        match code {
            NO_ERROR => return tcp_table::find(&table, local, remote),
            ERROR_INSUFFICIENT_BUFFER if size <= MAX_TABLE => table = vec![0_u8; size as usize],
            _ => return None,
        }
    }
    None
}

pub(super) fn judge(process: u32) -> Sender {
    // SAFETY: takes nothing and cannot fail.
    let ours = User::of(unsafe { GetCurrentProcessId() });
    match (User::of(process), ours) {
        (Some(theirs), Some(ours)) if theirs.is(&ours) || theirs.is_the_system() => Sender::Own,
        (Some(_), Some(_)) => Sender::Other { user: format!("process {process}") },
        _ => Sender::Unidentified,
    }
}

/// A TOKEN_USER and the SID that it points to, at most 68 bytes, aligned for its pointer.
struct User(Box<[u64; 16]>);

impl User {
    fn of(process: u32) -> Option<Self> {
        // SAFETY: a handle that is not null is ours to close, and the buffer is as large as the call is told.
        unsafe {
            let handle = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, process);
            let process = (!handle.is_null()).then(|| OwnedHandle::from_raw_handle(handle))?;
            let mut handle = null_mut();
            let opened = OpenProcessToken(process.as_raw_handle(), TOKEN_QUERY, &mut handle) != 0;
            let token = opened.then(|| OwnedHandle::from_raw_handle(handle))?;
            let (mut user, mut length) = (Box::new([0_u64; 16]), 0);
            let size = size_of_val(&*user) as u32;
            let read =
                GetTokenInformation(token.as_raw_handle(), TokenUser, user.as_mut_ptr().cast(), size, &mut length);
            (read != 0).then_some(Self(user))
        }
    }

    fn sid(&self) -> PSID {
        // SAFETY: GetTokenInformation has filled the buffer, which is aligned for a TOKEN_USER and is as it was then.
        unsafe { (*self.0.as_ptr().cast::<TOKEN_USER>()).User.Sid }
    }

    fn is(&self, other: &Self) -> bool {
        // SAFETY: both SIDs live in their buffers.
        unsafe { EqualSid(self.sid(), other.sid()) != 0 }
    }

    fn is_the_system(&self) -> bool {
        // SAFETY: the SID lives in its buffer.
        unsafe { IsWellKnownSid(self.sid(), WinLocalSystemSid) != 0 }
    }
}
