//! Where callers wait for a flight: all of them for one answer, none of them needed for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::runtime;

use crate::{Result, Token};

/// The waiting room of one flight.
pub(super) struct Room {
    /// The runtime that has the flight's task.
    pub(super) runtime: runtime::Id,
    news: OnceLock<News>,
    waiting: Mutex<Waiting>,
}

/// What those who wait are told.
#[derive(Clone, Debug)]
pub(super) enum News {
    /// What the flight brought.
    Landed(Result<Token>),
    /// It brings nothing: ask again.
    Lost,
}

#[derive(Default)]
struct Waiting {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

/// One caller's wait.
pub(super) struct Wait {
    room: Arc<Room>,
    seat: Option<usize>,
}

impl Room {
    pub(super) fn new(runtime: runtime::Id) -> Arc<Self> {
        Arc::new(Self {
            runtime,
            news: OnceLock::new(),
            waiting: Mutex::default(),
        })
    }

    /// Tells everybody who waits or ever will. Only the first news counts.
    pub(super) fn tell(&self, news: News) {
        let wakers = {
            let mut waiting = self.waiting();
            let _ = self.news.set(news);
            std::mem::take(&mut waiting.wakers)
        };
        for waker in wakers.into_iter().flatten() {
            waker.wake();
        }
    }

    /// Waits for the news.
    pub(super) fn wait(self: Arc<Self>) -> Wait {
        Wait {
            room: self,
            seat: None,
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Future for Wait {
    type Output = News;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<News> {
        let Self { room, seat } = self.get_mut();
        if let Some(news) = room.news.get() {
            return Poll::Ready(news.clone());
        }
        let mut waiting = room.waiting();
        // The news may have come before the lock; afterwards nobody would wake this caller.
        if let Some(news) = room.news.get() {
            return Poll::Ready(news.clone());
        }
        let seat = *seat.get_or_insert_with(|| waiting.sit());
        match &mut waiting.wakers[seat] {
            Some(waker) => waker.clone_from(context.waker()),
            empty => *empty = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let Some(seat) = self.seat else { return };
        let mut waiting = self.room.waiting();
        // Once the news is out there are no seats left.
        if let Some(taken) = waiting.wakers.get_mut(seat) {
            *taken = None;
            waiting.free.push(seat);
        }
    }
}

impl Waiting {
    fn sit(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.wakers.push(None);
            self.wakers.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn room() -> Arc<Room> {
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        Room::new(runtime.handle().id())
    }

    fn poll(wait: &mut Wait, count: &Arc<Count>) -> bool {
        let waker = Waker::from(Arc::clone(count));
        Pin::new(wait)
            .poll(&mut Context::from_waker(&waker))
            .is_ready()
    }

    #[test]
    fn everybody_who_waits_is_woken_once() {
        let room = room();
        let count = Arc::new(Count::default());
        let mut waits: Vec<Wait> = (0..3).map(|_| Arc::clone(&room).wait()).collect();
        for wait in &mut waits {
            assert!(!poll(wait, &count));
            assert!(!poll(wait, &count));
        }
        room.tell(News::Lost);
        assert_eq!(count.0.load(Ordering::SeqCst), 3);
        assert!(waits.iter_mut().all(|wait| poll(wait, &count)));
        assert!(poll(&mut Arc::clone(&room).wait(), &count));
    }

    #[test]
    fn whoever_leaves_gives_the_seat_back() {
        let room = room();
        let count = Arc::new(Count::default());
        for _ in 0..10 {
            assert!(!poll(&mut Arc::clone(&room).wait(), &count));
        }
        assert_eq!(room.waiting().wakers.len(), 1);
        room.tell(News::Lost);
        assert_eq!(count.0.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn leaving_after_the_news_is_harmless() {
        let room = room();
        let count = Arc::new(Count::default());
        let mut wait = Arc::clone(&room).wait();
        assert!(!poll(&mut wait, &count));
        room.tell(News::Lost);
        drop(wait);
        assert!(room.waiting().free.is_empty());
    }
}
