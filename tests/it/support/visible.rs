//! A look into `oauthctl` for ordinary users.
//!
//! The program makes itself undumpable (`system/process.rs`): from then on only root may read its memory, its environment
//! and its open files, and strace as anybody else sees addresses in the place of names. For an ordinary user a library is
//! loaded before the program that answers this one call and does not make it. As root nothing is changed.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::lacks::{lacks, program};
use super::unprivileged_user::is_root;

const SOURCE: &str = "
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int prctl(int option, ...) {
    unsigned long with[4];
    va_list rest;
    va_start(rest, option);
    for (int n = 0; n < 4; n++) with[n] = va_arg(rest, unsigned long);
    va_end(rest);
    if (option == PR_SET_DUMPABLE) return 0;
    return syscall(SYS_prctl, option, with[0], with[1], with[2], with[3]);
}
";

/// Lets this user look into the processes of a command.
pub fn make_visible(command: &mut Command) {
    if let Some((name, value)) = variable() {
        command.env(name, value);
    }
}

/// The variable that does it, if one is needed.
pub fn variable() -> Option<(&'static str, String)> {
    (!is_root()).then(|| ("LD_PRELOAD", library().to_str().unwrap().to_owned()))
}

/// Builds the library, once.
fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (new, path) = (folder.join(format!("visible.{}", std::process::id())), folder.join("visible.so"));
        let mut compiler = program("cc");
        compiler.args(["-shared", "-fPIC", "-x", "c", "-", "-o"]).arg(&new).stdin(Stdio::piped());
        let mut compiler = compiler.spawn().unwrap();
        compiler.stdin.take().unwrap().write_all(SOURCE.as_bytes()).unwrap();
        if !compiler.wait().unwrap().success() {
            lacks("a C compiler that builds a shared library");
        }
        // Another run of the tests may use it.
        fs::rename(new, &path).unwrap();
        path
    })
}
