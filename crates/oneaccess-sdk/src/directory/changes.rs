//! The difference between two snapshots.

use crate::directory::{Member, Members};

/// What changed between two snapshots.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Changes {
    /// Who is new.
    pub joined: Vec<Member>,
    /// Whose name, organization, address, number or attributes changed, as they are now.
    pub changed: Vec<Member>,
    /// Who was enabled and is disabled now. They are still there.
    pub disabled: Vec<Member>,
    /// Who was disabled and is enabled now.
    pub enabled: Vec<Member>,
    /// Who is gone, as they were. Always empty if the newer snapshot is partial.
    pub left: Vec<Member>,
    /// Whether [`left`](Self::left) means something: the newer snapshot is complete.
    pub leavers_are_known: bool,
}

impl Changes {
    pub(super) fn between(last: &Members, now: &Members, complete: bool) -> Self {
        let mut changes = Self {
            leavers_are_known: complete,
            ..Self::default()
        };
        for member in now.iter() {
            let Some(before) = last.get(&member.id) else {
                changes.joined.push(member.clone());
                continue;
            };
            match (before.disabled, member.disabled) {
                (false, true) => changes.disabled.push(member.clone()),
                (true, false) => changes.enabled.push(member.clone()),
                _ => {}
            }
            let as_before = Member {
                disabled: before.disabled,
                ..member.clone()
            };
            if as_before != *before {
                changes.changed.push(member.clone());
            }
        }
        if complete {
            let gone = last.iter().filter(|it| now.get(&it.id).is_none());
            changes.left = gone.cloned().collect();
        }
        changes
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.joined.is_empty()
            && self.changed.is_empty()
            && self.disabled.is_empty()
            && self.enabled.is_empty()
            && self.left.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(list: &[(&str, bool)]) -> Members {
        let member = |(id, disabled): &(&str, bool)| Member {
            disabled: *disabled,
            ..Member::new(*id, format!("login of {id}"))
        };
        list.iter().map(member).collect()
    }

    fn ids(list: &[Member]) -> Vec<&str> {
        list.iter().map(|member| &*member.id).collect()
    }

    #[test]
    fn disabled_is_not_deleted() {
        let last = members(&[("a", false), ("b", false), ("c", true)]);
        let now = members(&[("a", true), ("c", false), ("d", true)]);
        let changes = Changes::between(&last, &now, true);
        assert_eq!(ids(&changes.disabled), ["a"]);
        assert_eq!(ids(&changes.enabled), ["c"]);
        assert_eq!(ids(&changes.joined), ["d"]);
        assert_eq!(ids(&changes.left), ["b"]);
        assert!(changes.changed.is_empty());
    }

    #[test]
    fn nobody_leaves_a_partial_list() {
        let last = members(&[("a", false), ("b", false)]);
        let changes = Changes::between(&last, &members(&[("a", false)]), false);
        assert!(changes.is_empty() && !changes.leavers_are_known);
    }

    #[test]
    fn a_new_name_is_a_change() {
        let last = members(&[("a", false)]);
        let mut now = members(&[("a", true)]);
        now.0.get_mut("a").unwrap().name = Some("A".to_owned());
        let changes = Changes::between(&last, &now, true);
        assert_eq!((changes.changed.len(), changes.disabled.len()), (1, 1));
    }
}
