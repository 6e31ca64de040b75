//! How long an exchange with an API may take in all.
//!
//! A server that sends a byte a second is never silent, and would hold a command for ever. Without a named end, the
//! exchange has [`START`], and a second more for each [`RATE`] bytes that it gets done: a gigabyte comes through on the
//! slowest of lines, and a drip is left after the start. Nothing takes longer than [`LONGEST`]. It is the time that we
//! wait for the server: a user who reads our answer in a pager may take as long as they like. A named end is one of the
//! clock.
//!
//! A read that blocks cannot be called back. So in its last stretch, where one could go on beyond the end, a body is read
//! by a thread of its own, and until then without one.

use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::system::clock::Deadline;
use crate::system::process;

/// The time that every exchange may take, however little comes.
const START: Duration = Duration::from_secs(10 * 60);

/// How many bytes earn a second more: 32 kbit/s, half of what the slowest mobile networks give. 1 GiB may take three
/// days by this, so the longest is what counts for it: it needs 12.5 KB/s on the whole.
const RATE: u64 = 4 * 1024;

/// The limit for every exchange. A user who transfers more sets `--max-time`.
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How much of a body is read at once.
const PART: usize = 64 * 1024;

/// The time of an exchange is over; this is how much it had.
#[derive(Debug, thiserror::Error)]
#[error("it took too long")]
pub(super) struct Overdue(pub Duration);

/// How much time one direction of an exchange has.
pub(super) struct Pace {
    waited: Duration,
    start: Duration,
    until: Option<Deadline>,
}

impl Pace {
    /// From now on. Who lets a server be silent for long means the whole to take as long.
    pub fn begin(silence: Duration, until: Option<Deadline>) -> Self {
        Self { waited: Duration::ZERO, start: START.max(silence), until }
    }

    /// How much time is left when so many bytes are done.
    pub fn left(&self, done: u64) -> Result<Duration, Overdue> {
        let (left, span) = match self.until {
            Some(until) => (until.left(), until.span),
            None => {
                let span = earned(self.start, done);
                (span.saturating_sub(self.waited), span)
            }
        };
        if left.is_zero() { Err(Overdue(span)) } else { Ok(left) }
    }

    /// Waits for no longer than the silence, and than what is left when so many bytes are done.
    pub fn wait<T>(&mut self, done: u64, silence: Duration, from: &Receiver<T>) -> Result<Waited<T>, Overdue> {
        let left = self.left(done)?;
        let begun = Instant::now();
        let came = from.recv_timeout(left.min(silence));
        self.waited = self.waited.saturating_add(begun.elapsed());
        match came {
            Ok(came) => Ok(Waited::Came(came)),
            Err(RecvTimeoutError::Disconnected) => Ok(Waited::Gone),
            Err(RecvTimeoutError::Timeout) => self.left(done).map(|_| Waited::Silence),
        }
    }
}

/// The outcome of a wait.
pub(super) enum Waited<T> {
    Came(T),
    Silence,
    /// The other side has gone.
    Gone,
}

fn earned(start: Duration, done: u64) -> Duration {
    start.saturating_add(Duration::from_secs(done / RATE)).min(LONGEST.max(start))
}

/// A body whose reader waits no longer than it may: neither for one part nor for all of them.
pub(super) struct TimedBody {
    /// As long as it is read here.
    inner: Option<Box<dyn Read + Send>>,
    /// True if a read of it ends after the silence by itself.
    gives_up: bool,
    parts: Option<Receiver<io::Result<Vec<u8>>>>,
    part: io::Cursor<Vec<u8>>,
    done: u64,
    silence: Duration,
    pace: Pace,
}

impl TimedBody {
    /// `gives_up` says whether a read ends after the silence by itself.
    pub fn new(inner: Box<dyn Read + Send>, gives_up: bool, silence: Duration, until: Option<Deadline>) -> Self {
        let pace = Pace::begin(silence, until);
        Self { inner: Some(inner), gives_up, parts: None, part: io::Cursor::default(), done: 0, silence, pace }
    }

    /// Waits for the next part; an empty one is the end.
    fn next(&mut self) -> io::Result<Vec<u8>> {
        if let Some(inner) = self.inner.take() {
            self.parts = Some(read_ahead(inner)?);
        }
        let Some(parts) = &self.parts else { return Ok(Vec::new()) };
        match self.pace.wait(self.done, self.silence, parts) {
            Ok(Waited::Came(part)) => part,
            Ok(Waited::Silence) => Err(io::ErrorKind::TimedOut.into()),
            // The thread ends after the last part, and with a panic in the library.
            Ok(Waited::Gone) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(overdue) => Err(io::Error::new(io::ErrorKind::TimedOut, overdue)),
        }
    }
}

impl Read for TimedBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(inner) = self.inner.as_mut().filter(|_| self.gives_up) {
            let left = self.pace.left(self.done).map_err(|overdue| io::Error::new(io::ErrorKind::TimedOut, overdue))?;
            if left > self.silence {
                let begun = Instant::now();
                let read = inner.read(buffer);
                self.pace.waited = self.pace.waited.saturating_add(begun.elapsed());
                self.done += *read.as_ref().unwrap_or(&0) as u64;
                return read;
            }
        }
        if self.part.position() == self.part.get_ref().len() as u64 {
            let part = self.next()?;
            if part.is_empty() {
                self.parts = None;
            }
            self.done += part.len() as u64;
            self.part = io::Cursor::new(part);
        }
        self.part.read(buffer)
    }
}

/// Reads on a thread that is not waited for. It ends with the body, with an error, or when its reader has gone.
fn read_ahead(mut body: Box<dyn Read + Send>) -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (hand_over, parts) = mpsc::sync_channel(1);
    process::in_background("http-body", move || {
        let mut buffer = vec![0; PART];
        loop {
            let part = match body.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map(|n| buffer[..n].to_vec()),
            };
            let is_last = !matches!(&part, Ok(part) if !part.is_empty());
            if hand_over.send(part).is_err() || is_last {
                return;
            }
        }
    })?;
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOR_EVER: Duration = Duration::from_secs(3600);

    /// Gives these bytes and then nothing, as long as the test lives.
    struct Stuck(&'static [u8], mpsc::Receiver<()>);

    impl Read for Stuck {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => {
                    let _ = self.1.recv();
                    Ok(0)
                }
                n => Ok(n),
            }
        }
    }

    fn stuck(bytes: &'static [u8]) -> (mpsc::Sender<()>, Box<dyn Read + Send>) {
        let (hold, held) = mpsc::channel();
        (hold, Box::new(Stuck(bytes, held)))
    }

    fn limit(error: &io::Error) -> Option<Duration> {
        error.get_ref()?.downcast_ref::<Overdue>().map(|overdue| overdue.0)
    }

    #[test]
    fn a_body_comes_whole_and_ends() {
        let bytes: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
        for gives_up in [true, false] {
            let inner = Box::new(io::Cursor::new(bytes.clone()));
            let mut body = TimedBody::new(inner, gives_up, Duration::from_secs(60), None);
            let mut read = Vec::new();
            body.read_to_end(&mut read).unwrap();
            assert!(read == bytes);
            assert_eq!(body.read(&mut [0; 8]).unwrap(), 0, "after the end too");
        }
    }

    #[test]
    fn a_read_that_blocks_is_left_at_the_end_of_the_whole() {
        let (_hold, inner) = stuck(b"ab");
        let span = Duration::from_millis(50);
        let mut body = TimedBody::new(inner, true, FOR_EVER, Some(Deadline::after(span)));
        assert_eq!(body.read(&mut [0; 8]).unwrap(), 2);
        assert_eq!(limit(&body.read(&mut [0; 8]).unwrap_err()), Some(span));
    }

    #[test]
    fn silence_is_told_apart_from_the_end_of_the_whole() {
        let (_hold, inner) = stuck(b"");
        let mut body = TimedBody::new(inner, false, Duration::from_millis(50), Some(Deadline::after(FOR_EVER)));
        let error = body.read(&mut [0; 8]).unwrap_err();
        assert_eq!((error.kind(), limit(&error)), (io::ErrorKind::TimedOut, None));
    }

    #[test]
    fn what_comes_earns_time_up_to_a_day() {
        let gib = 1 << 30;
        assert_eq!(earned(START, 0), START);
        assert_eq!(earned(START, RATE * 60), START + Duration::from_secs(60));
        // 1 GiB on a line of 100 kbit/s is never late.
        let rate = 12_800;
        assert!((0..=gib).step_by(1 << 20).all(|done| earned(START, done) >= Duration::from_secs(done / rate)));
        assert_eq!(earned(START, 100 * gib), LONGEST);
        assert_eq!(earned(LONGEST * 2, 0), LONGEST * 2);
    }
}
