//! Items that were found to be the same. Sameness is transitive: many items that share others are compared in linear time.

use std::collections::HashMap;

/// Sets of items of both files that are the same.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// Another item of the same set, nearer to the one that stands for all.
    towards: HashMap<Item, Item>,
}

/// An item of one of the files, by its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Item {
    Before(u32),
    After(u32),
}

impl Pairs {
    /// Whether the two are known to be the same.
    pub(super) fn known(&mut self, before: u32, after: u32) -> bool {
        self.root(Item::Before(before)) == self.root(Item::After(after))
    }

    pub(super) fn unite(&mut self, before: u32, after: u32) {
        let (before, after) = (self.root(Item::Before(before)), self.root(Item::After(after)));
        if before != after {
            self.towards.insert(before, after);
        }
    }

    fn root(&mut self, mut item: Item) -> Item {
        while let Some(next) = self.towards.get(&item).copied() {
            // Halves the way for the next time.
            if let Some(after_next) = self.towards.get(&next).copied() {
                self.towards.insert(item, after_next);
            }
            item = next;
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sameness_is_transitive() {
        let mut pairs = Pairs::default();
        assert!(!pairs.known(1, 1));
        pairs.unite(1, 10);
        pairs.unite(2, 10);
        pairs.unite(2, 20);
        assert!(pairs.known(1, 20));
        assert!(!pairs.known(3, 20));
        pairs.unite(3, 30);
        assert!(!pairs.known(1, 30));
        pairs.unite(1, 30);
        assert!(pairs.known(3, 20));
    }
}
