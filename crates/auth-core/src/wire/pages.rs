//! Lists that come in pages, read as one stream.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::{Action, Error, Result};

/// The elements of a list that the platform returns in pages. Each page is asked for when the
/// elements before it are used up; after an error the stream ends. A code that is a result and no
/// fault, such as "no data", ends it like an empty page. The same page once more is an error: a
/// platform that does not heed the index would be asked for ever.
///
/// Without a stream library, take them one by one:
///
/// ```
/// # async fn example(mut users: auth_core::wire::Pages<String>) -> auth_core::Result<()> {
/// while let Some(user) = users.next().await {
///     println!("{}", user?);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<T> {
    fetch: Box<dyn FnMut(i64) -> Fetch<T> + Send>,
    pending: Option<Fetch<T>>,
    ready: VecDeque<T>,
    /// The page before, to know it again.
    before: Vec<T>,
    next: Option<i64>,
    step: Step,
}

/// One page of a list.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "generated code fills in every field"
)]
pub struct Page<T> {
    /// The elements.
    pub items: Vec<T>,
    /// What the platform says about further pages, where it says so.
    pub more: Option<bool>,
}

type Fetch<T> = Pin<Box<dyn Future<Output = Result<Page<T>>> + Send>>;

/// How the index of the next page follows from this one.
#[derive(Clone, Copy)]
enum Step {
    /// Pages are counted.
    Page { size: usize },
    /// Rows are counted.
    Row { size: usize },
}

impl<T: Clone + PartialEq> Pages<T> {
    /// Counts pages from `first`, each of `size` elements; a shorter one is the last.
    pub fn by_page<F>(first: i64, size: i64, fetch: impl FnMut(i64) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Page<T>>> + Send + 'static,
    {
        let size = elements(size);
        Self::new(first, Step::Page { size }, fetch)
    }

    /// Counts rows from `first`, asking for `size` at a time; a shorter page is the last.
    pub fn by_row<F>(first: i64, size: i64, fetch: impl FnMut(i64) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Page<T>>> + Send + 'static,
    {
        let size = elements(size);
        Self::new(first, Step::Row { size }, fetch)
    }

    fn new<F>(first: i64, step: Step, mut fetch: impl FnMut(i64) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Page<T>>> + Send + 'static,
    {
        Self {
            fetch: Box::new(move |index| Box::pin(fetch(index))),
            pending: None,
            ready: VecDeque::new(),
            before: Vec::new(),
            next: Some(first),
            step,
        }
    }

    /// Returns the next element; none at the end.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|context| self.poll_item(context)).await
    }

    /// Returns all elements that are left.
    pub async fn collect(mut self) -> Result<Vec<T>> {
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            items.push(item?);
        }
        Ok(items)
    }

    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            let Some(index) = self.next else {
                return Poll::Ready(None);
            };
            let fetch = self.pending.get_or_insert_with(|| (self.fetch)(index));
            let page = ready!(fetch.as_mut().poll(context));
            self.pending = None;
            match page {
                Ok(page) if !page.items.is_empty() && page.items == self.before => {
                    self.next = None;
                    return Poll::Ready(Some(Err(Error::decode(SAME_PAGE))));
                }
                Ok(page) => {
                    self.next = self.step.after(index, &page);
                    if self.next.is_some() {
                        self.before.clone_from(&page.items);
                    }
                    self.ready = page.items.into();
                }
                Err(error) => {
                    self.next = None;
                    // A result, not a fault: some platforms say that they have nothing by a code.
                    if error.action() == Action::None {
                        return Poll::Ready(None);
                    }
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl<T: Clone + PartialEq + Unpin> Stream for Pages<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.get_mut().poll_item(context)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("ready", &self.ready.len())
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl Step {
    /// The index of the page after this one. The total that platforms state beside a list is not
    /// looked at, because it is often wrong.
    fn after<T>(self, index: i64, page: &Page<T>) -> Option<i64> {
        let count = page.items.len();
        let (size, ahead) = match self {
            Self::Page { size } => (size, 1),
            Self::Row { size } => (size, i64::try_from(count).ok()?),
        };
        let more = page.more.unwrap_or(count >= size);
        // An empty page ends the list whatever the platform says, or it might never end.
        if !more || count == 0 {
            return None;
        }
        index.checked_add(ahead)
    }
}

/// Whether a platform's word for "there is more" says so: anything but `0`, `false` and nothing.
pub fn says_more(word: impl fmt::Display) -> bool {
    !matches!(
        word.to_string().trim(),
        "" | "0" | "false" | "FALSE" | "False"
    )
}

fn elements(size: i64) -> usize {
    usize::try_from(size).unwrap_or(0).max(1)
}

const SAME_PAGE: &str = "the platform returned the same page twice: it does not heed the index";

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{ApiError, Error};

    /// A list of `total` numbers behind a paged endpoint that notes which pages were asked for.
    fn list(
        total: usize,
        size: usize,
        by_row: bool,
        more: bool,
    ) -> (Pages<usize>, Arc<Mutex<Vec<i64>>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let fetch = move |index: i64| {
            seen.lock().unwrap().push(index);
            let start = usize::try_from(index).unwrap() * if by_row { 1 } else { size };
            let end = (start + size).min(total);
            let items: Vec<usize> = (start.min(end)..end).collect();
            let more = more.then_some(end < total);
            async move { Ok(Page { items, more }) }
        };
        let size = i64::try_from(size).unwrap();
        let pages = match by_row {
            true => Pages::by_row(0, size, fetch),
            false => Pages::by_page(0, size, fetch),
        };
        (pages, asked)
    }

    async fn check(total: usize, size: usize, by_row: bool, more: bool, wanted: &[i64]) {
        let (pages, asked) = list(total, size, by_row, more);
        let all: Vec<usize> = (0..total).collect();
        assert_eq!(pages.collect().await.unwrap(), all);
        assert_eq!(*asked.lock().unwrap(), wanted);
    }

    #[tokio::test]
    async fn a_short_page_ends_the_list() {
        check(5, 2, false, false, &[0, 1, 2]).await;
        check(5, 2, true, false, &[0, 2, 4]).await;
    }

    #[tokio::test]
    async fn a_full_last_page_costs_one_more_call_unless_the_platform_says_it_is_the_last() {
        check(4, 2, false, false, &[0, 1, 2]).await;
        check(4, 2, false, true, &[0, 1]).await;
    }

    #[tokio::test]
    async fn an_empty_list_is_one_call() {
        check(0, 2, false, false, &[0]).await;
        check(0, 2, false, true, &[0]).await;
    }

    #[tokio::test]
    async fn nothing_is_asked_for_before_it_is_needed() {
        let (mut pages, asked) = list(5, 2, false, false);
        assert!(asked.lock().unwrap().is_empty());
        pages.next().await.unwrap().unwrap();
        pages.next().await.unwrap().unwrap();
        assert_eq!(*asked.lock().unwrap(), [0]);
    }

    #[tokio::test]
    async fn an_error_is_told_once_and_ends_the_list() {
        let mut pages: Pages<i32> =
            Pages::by_page(1, 2, |_| async { Err(Error::transport("no answer")) });
        assert!(pages.next().await.unwrap().is_err());
        assert!(pages.next().await.is_none());
    }

    #[tokio::test]
    async fn a_result_that_is_no_fault_ends_the_list() {
        let nothing = ApiError::without_answer("nothing", Action::None);
        let mut pages: Pages<i32> = Pages::by_page(1, 2, move |_| {
            let nothing = nothing.clone();
            async { Err(Error::answered(nothing)) }
        });
        assert!(pages.next().await.is_none());
        assert!(pages.next().await.is_none());
    }

    #[tokio::test]
    async fn a_platform_that_does_not_heed_the_index_is_asked_twice_and_no_more() {
        let asked = Arc::new(Mutex::new(0));
        let seen = Arc::clone(&asked);
        let mut pages = Pages::by_page(1, 2, move |_| {
            *seen.lock().unwrap() += 1;
            async {
                Ok(Page {
                    items: vec![1, 2],
                    more: Some(true),
                })
            }
        });
        assert_eq!(pages.next().await.unwrap().unwrap(), 1);
        assert_eq!(pages.next().await.unwrap().unwrap(), 2);
        let error = pages.next().await.unwrap().unwrap_err();
        assert!(
            error.to_string().contains("does not heed the index"),
            "{error}"
        );
        assert!(pages.next().await.is_none());
        assert_eq!(*asked.lock().unwrap(), 2);
    }

    #[tokio::test]
    async fn an_empty_page_ends_the_list_even_if_more_is_promised() {
        let pages: Pages<i32> = Pages::by_page(1, 2, |_| async {
            Ok(Page {
                items: Vec::new(),
                more: Some(true),
            })
        });
        assert!(pages.collect().await.unwrap().is_empty());
    }

    #[test]
    fn words_for_more_are_understood() {
        assert!(says_more(1) && says_more("true") && says_more(true) && says_more("2"));
        assert!(!says_more(0) && !says_more(" 0 ") && !says_more(false) && !says_more(""));
    }
}
