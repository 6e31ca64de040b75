//! A body whose beginning was looked into.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use reqwest::Body;

/// How much is looked into. Errors have some hundred bytes.
const LOOK_INTO: usize = 64 * 1024;

/// How long an error may take to come. Of one that takes longer, what has come is judged.
const WITHIN: Duration = Duration::from_secs(5);

/// Reads the beginning of a body, and returns it together with the whole.
pub async fn peek(mut body: Body) -> (Vec<u8>, Body) {
    let (mut seen, mut beginning, mut failed) = (VecDeque::new(), Vec::new(), None);
    let look = async {
        while beginning.len() < LOOK_INTO {
            match body.frame().await {
                None => return,
                Some(Err(error)) => return failed = Some(error),
                Some(Ok(frame)) => {
                    let Ok(part) = frame.into_data() else { return };
                    beginning.extend_from_slice(&part);
                    seen.push_back(part);
                }
            }
        }
    };
    let _ = tokio::time::timeout(WITHIN, look).await;
    (beginning, Body::wrap(Peeked { seen, failed, rest: body }))
}

struct Peeked {
    seen: VecDeque<Bytes>,
    failed: Option<reqwest::Error>,
    rest: Body,
}

impl HttpBody for Peeked {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        if let Some(part) = self.seen.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(part))));
        }
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        Pin::new(&mut self.rest).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.seen.is_empty() && self.failed.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let seen: u64 = self.seen.iter().map(|part| part.len() as u64).sum();
        match self.rest.size_hint().exact() {
            Some(rest) => SizeHint::with_exact(rest + seen),
            None => SizeHint::new(),
        }
    }
}
