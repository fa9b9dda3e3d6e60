//! Every operation, called with every example that the document has: what is sent is what it asks
//! for, as another reader of the document sees it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use auth_core::{HttpSend, Result};
use bytes::Bytes;
use contract::{Document, Tap, differences, example, listing};
use http::{Request, Response};

use crate::calls::client_over;
use crate::generated::{call, list};

/// Takes every request, and answers nothing of use.
#[derive(Default)]
struct Sink(Mutex<Vec<Request<Bytes>>>);

impl HttpSend for Sink {
    fn send<'life, 'future>(
        &'life self,
        request: Request<Bytes>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Response<Bytes>>> + Send + 'future>>
    where
        'life: 'future,
    {
        self.0.lock().unwrap().push(request);
        Box::pin(async { Ok(Response::new(Bytes::new())) })
    }
}

/// Gives the answers that it was told, one after the other.
#[derive(Default)]
struct Script(Mutex<VecDeque<Response<Bytes>>>);

impl HttpSend for Script {
    fn send<'life, 'future>(
        &'life self,
        _: Request<Bytes>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Response<Bytes>>> + Send + 'future>>
    where
        'life: 'future,
    {
        let answer = self.0.lock().unwrap().pop_front();
        Box::pin(async { Ok(answer.expect("no more is asked for than was told")) })
    }
}

#[tokio::test]
async fn every_list_is_read_page_after_page_to_its_end_or_to_an_error() {
    let document = Document::parse(include_str!("generated/document.json"));
    let script = Arc::new(Script::default());
    let tap = Tap::new(script.clone());
    let client = client_over(tap.clone());
    let tell = |page: listing::Scripted| {
        let answer = Response::builder()
            .status(page.status)
            .body(page.body.into());
        script.0.lock().unwrap().push_back(answer.unwrap());
    };
    let count = listing::check(&document, &tap, tell, async |example| {
        list(&client, example).await
    });
    assert_eq!(count.await, 4);
}

#[tokio::test]
async fn every_operation_sends_what_the_document_asks_for() {
    let document = Document::parse(include_str!("generated/document.json"));
    let sink = Arc::new(Sink::default());
    let client = client_over(sink.clone());
    let mut wrong = Vec::new();
    let mut count = 0;
    for operation in document.operations() {
        for example in example::all(&document, &operation) {
            let result = call(&client, &example).await;
            count += 1;
            let sent = match &result {
                Ok(Some(address)) => Request::get(address).body(Bytes::new()).ok(),
                _ => sink.0.lock().unwrap().pop(),
            };
            match sent {
                Some(sent) => wrong.extend(differences(&document, &operation, &example, "", &sent)),
                None => wrong.push(format!("{}: nothing was sent: {result:?}", operation.id)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 20, "{count}");
}
