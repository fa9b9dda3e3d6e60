//! Every paged list read to its end: over several pages, to an empty one, and into an error.

use std::collections::BTreeMap;

use auth_core::wire::Pages;
use auth_core::{Error, ErrorKind};
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::compare::pairs;
use crate::document::{Document, Operation};
use crate::example::{Extent, answer, as_text, example};
use crate::{Example, Tap};

/// What a stream gave: how many elements, and the error that ended it.
pub type Listed = (usize, Option<Error>);

/// Reads a stream to its end.
pub async fn read<T: Clone + PartialEq>(mut pages: Pages<T>) -> Listed {
    let mut count = 0;
    while let Some(item) = pages.next().await {
        match item {
            Ok(_) => count += 1,
            Err(error) => {
                let after = pages.next().await.is_some();
                assert!(!after, "an element came after the error {error}");
                return (count, Some(error));
            }
        }
    }
    (count, None)
}

/// An answer that the platform is to give to the next call of an operation.
#[derive(Debug)]
#[non_exhaustive]
pub struct Scripted {
    /// The operationId.
    pub operation: String,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// A paged list of a document.
struct Listing {
    example: Example,
    /// A successful answer without elements.
    empty: Value,
    item: Value,
    status: u16,
    size: usize,
    /// The rules of its pages, `x-pagination`.
    rules: Value,
}

/// One way in which a list comes to its end.
struct Course {
    /// How many elements the pages have, each in full ones of the size that was asked for.
    pages: &'static [Page],
    /// How many elements the last page has.
    failed: bool,
}

#[derive(Clone, Copy)]
enum Page {
    Full,
    Short,
    Empty,
}

/// Reads every paged list of a document in each of its courses, and gives how many there are.
/// `script` has the platform give an answer, `list` reads the list of an example.
///
/// # Panics
///
/// If a stream has other elements than its pages, asks for another page than the next, or goes on
/// after its end.
pub async fn check(
    document: &Document,
    tap: &Tap,
    script: impl Fn(Scripted),
    list: impl AsyncFn(&Example) -> Listed,
) -> usize {
    let listings: Vec<Listing> = document
        .operations()
        .iter()
        .filter_map(|operation| Listing::of(document, operation))
        .collect();
    let mut wrong = Vec::new();
    for listing in &listings {
        for course in COURSES {
            listing.queue(course, &script);
            tap.sent();
            let (count, error) = list(&listing.example).await;
            let asked = tap.sent();
            for flaw in listing.flaws(course, count, error.as_ref(), &asked) {
                wrong.push(format!("{}: {flaw}", listing.example.operation));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    listings.len()
}

/// Reads lists of what a platform has of its own, each in small pages and in one, and gives how many
/// elements they have. `given` names what the request of an example is about, and says whether the
/// list is to be read.
///
/// # Panics
///
/// If a stream ends in an error, asks for another page than the next, or has more or fewer elements
/// in small pages than in one.
pub async fn check_own(
    document: &Document,
    tap: &Tap,
    given: impl Fn(&mut Example) -> bool,
    list: impl AsyncFn(&Example) -> Listed,
) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for operation in document.operations() {
        let Some(mut listing) = Listing::of(document, &operation) else {
            continue;
        };
        if !given(&mut listing.example) {
            continue;
        }
        tap.sent();
        let (count, error) = list(&listing.example).await;
        assert!(error.is_none(), "{}: {error:?}", operation.id);
        let sent = tap.sent();
        let asked: Vec<u64> = sent.iter().filter_map(|it| listing.index(it)).collect();
        // A full last page is followed by another call, unless the platform says that it is the last.
        let calls = [
            count.div_ceil(listing.size).max(1),
            count / listing.size + 1,
        ];
        assert!(calls.contains(&asked.len()), "{}: {asked:?}", operation.id);
        assert_eq!(asked, listing.indexes(asked.len()), "{}", operation.id);
        ask(&mut listing.example, &listing.rules, WHOLE);
        let (whole, error) = list(&listing.example).await;
        assert!(error.is_none(), "{}: {error:?}", operation.id);
        assert_eq!(count, whole, "{}", operation.id);
        counts.insert(operation.id.to_owned(), count);
    }
    counts
}

impl Listing {
    fn of(document: &Document, operation: &Operation<'_>) -> Option<Self> {
        let rules = operation.source.get("x-pagination")?;
        let name = |key: &str| rules[key].as_str().unwrap_or_default();
        let mut example = example(document, operation, Extent::Minimal, 0);
        let least = document.smallest(operation, name("size")).unwrap_or(1);
        let size = usize::try_from(least).unwrap_or(1).max(2);
        ask(&mut example, rules, size);
        let (status, empty, item) = answer(document, operation, name("items"));
        Some(Self {
            example,
            empty,
            item,
            status,
            size,
            rules: rules.clone(),
        })
    }

    /// How many elements a page has.
    fn count(&self, page: Page) -> usize {
        match page {
            Page::Full => self.size,
            Page::Short => self.size - 1,
            Page::Empty => 0,
        }
    }

    fn queue(&self, course: &Course, script: &impl Fn(Scripted)) {
        let operation = &self.example.operation;
        for (at, page) in course.pages.iter().enumerate() {
            let is_last = at + 1 == course.pages.len() && !course.failed;
            let mut body = self.empty.clone();
            let mut item = self.item.clone();
            mark(&mut item, at);
            let items = vec![item; self.count(*page)];
            set(&mut body, self.rules["items"].as_str(), items.into());
            set(&mut body, self.rules["total"].as_str(), json!(1000));
            // A platform that says so of its last page is believed; an empty page is the last all
            // the same.
            let more = !is_last || matches!(page, Page::Empty);
            set(
                &mut body,
                self.rules["more"].as_str(),
                json!(i32::from(more)),
            );
            script(Scripted {
                operation: operation.clone(),
                status: self.status,
                body: body.to_string(),
            });
        }
        if course.failed {
            script(Scripted {
                operation: operation.clone(),
                status: 400,
                body: String::new(),
            });
        }
    }

    fn flaws(
        &self,
        course: &Course,
        count: usize,
        error: Option<&Error>,
        asked: &[Request<Bytes>],
    ) -> Vec<String> {
        let mut flaws = Vec::new();
        let wanted: usize = course.pages.iter().map(|page| self.count(*page)).sum();
        if count != wanted {
            flaws.push(format!("{count} elements instead of {wanted}"));
        }
        let is_right = match error {
            Some(error) => course.failed && error.kind() == ErrorKind::Api,
            None => !course.failed,
        };
        if !is_right {
            flaws.push(format!("ended with {error:?}"));
        }
        let wanted = self.indexes(course.pages.len() + usize::from(course.failed));
        let of_list = asked.iter().filter_map(|request| self.index(request));
        let found: Vec<u64> = of_list.collect();
        if found != wanted {
            flaws.push(format!("pages {found:?} instead of {wanted:?}"));
        }
        flaws
    }

    /// What the first pages are called.
    fn indexes(&self, count: usize) -> Vec<u64> {
        let first = self.rules["first"].as_u64().unwrap_or_default();
        let step = match self.rules["unit"] == "page" {
            true => 1,
            false => self.size,
        };
        (first..).step_by(step).take(count).collect()
    }

    /// The page that a request asks for; none if it is for a token.
    fn index(&self, request: &Request<Bytes>) -> Option<u64> {
        let name = self.rules["index"].as_str().unwrap_or_default();
        if self.rules["in"] == "body" {
            let body: Value = serde_json::from_slice(request.body()).ok()?;
            return as_text(body.get(name)?).parse().ok();
        }
        let query = pairs(request.uri().query().unwrap_or_default());
        let (_, value) = query.into_iter().find(|(known, _)| known == name)?;
        value.parse().ok()
    }
}

/// Asks for pages of a size, from the first on.
fn ask(example: &mut Example, rules: &Value, size: usize) {
    let name = |key: &str| rules[key].as_str().unwrap_or_default();
    let (index, first) = (name("index"), &rules["first"]);
    match rules["in"] == "body" {
        true => {
            let body = example.body.get_or_insert_with(|| json!({}));
            body[name("size")] = json!(size);
            if body.get(index).is_some() {
                body[index] = first.clone();
            }
        }
        false => {
            let given = &mut example.parameters;
            given.retain(|(_, known, _)| known != name("size"));
            given.push(("query".to_owned(), name("size").to_owned(), json!(size)));
            for (_, _, value) in given.iter_mut().filter(|(_, known, _)| known == index) {
                *value = first.clone();
            }
        }
    }
}

/// Changes a text or number of an element, so that no two pages are the same.
fn mark(item: &mut Value, page: usize) -> bool {
    match item {
        Value::String(text) => {
            text.push_str(&page.to_string());
            true
        }
        Value::Number(number) => {
            *number = (number.as_i64().unwrap_or_default() + 7 * page as i64).into();
            true
        }
        Value::Array(items) => items.iter_mut().any(|item| mark(item, page)),
        Value::Object(members) => members.values_mut().any(|member| mark(member, page)),
        _ => false,
    }
}

/// Sets a member at a dotted path.
fn set(body: &mut Value, path: Option<&str>, value: Value) {
    let Some(path) = path else {
        return;
    };
    let mut place = body;
    for part in path.split('.') {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[part];
    }
    *place = value;
}

const COURSES: &[Course] = &[
    Course {
        pages: &[Page::Full, Page::Full, Page::Short],
        failed: false,
    },
    Course {
        pages: &[Page::Full, Page::Empty],
        failed: false,
    },
    Course {
        pages: &[Page::Empty],
        failed: false,
    },
    Course {
        pages: &[Page::Full],
        failed: true,
    },
    Course {
        pages: &[],
        failed: true,
    },
];

/// A size of pages that every platform takes, and that what a test makes fits into.
const WHOLE: usize = 50;
