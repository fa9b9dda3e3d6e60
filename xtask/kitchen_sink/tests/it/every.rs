//! Every operation, called with every example that the document has: what is sent is what it asks
//! for, as another reader of the document sees it.

use std::sync::{Arc, Mutex};

use auth_core::{HttpSend, Result};
use bytes::Bytes;
use contract::{Document, differences, example};
use http::{Request, Response};

use crate::calls::client_over;
use crate::generated::call;

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
