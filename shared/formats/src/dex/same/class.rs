//! Classes and their members.

use super::super::class_data::{self, Defined, Entry};
use super::super::error::Error;
use super::super::tables::{Class, count};
use super::super::value::Pool;
use super::meaning::Side;
use super::{Comparison, Difference, differs, number};

/// Numbers of members, then every field and method with the offset of its code.
struct Members {
    counts: [u32; 4],
    fields: Vec<Defined>,
    methods: Vec<(Defined, u32)>,
}

impl Comparison<'_> {
    pub(super) fn classes(&mut self) -> Result<(), Difference> {
        let [before, after] = [&self.before, &self.after].map(|side| side.dex.tables.classes);
        number("number of classes", [count(before), count(after)])?;
        for (before, after) in before.iter().zip(after) {
            let (before, after) = (Class::of(before), Class::of(after));
            self.class(&before, &after)
                .map_err(|difference| difference.within(|| self.before.dex.show_type(before.class)))?;
        }
        Ok(())
    }

    fn class(&mut self, before: &Class, after: &Class) -> Result<(), Difference> {
        self.index(Pool::Type, before.class, after.class)?;
        number("access flags", [before.access, after.access])?;
        match (before.superclass(), after.superclass()) {
            (None, None) => {}
            (Some(before), Some(after)) => {
                self.index(Pool::Type, before, after)
                    .map_err(|difference| difference.within(|| "superclass".to_owned()))?;
            }
            (before, after) => {
                let shown = |side: &Side<'_>, index: Option<u32>| {
                    index.map_or("nothing".to_owned(), |index| side.dex.show_type(index))
                };
                return Err(differs("superclass", shown(&self.before, before), shown(&self.after, after)));
            }
        }
        if self.before.list(before.interfaces) != self.after.list(after.interfaces) {
            let shown = [self.before.dex.show_list(before.interfaces), self.after.dex.show_list(after.interfaces)];
            let [before, after] = shown;
            return Err(differs("interfaces", before, after));
        }
        self.items("annotations", before.annotations, after.annotations, Self::directory)?;
        self.items("static values", before.static_values, after.static_values, Self::array)?;
        self.items("members", before.data, after.data, Self::members)
    }

    fn members(&mut self, before: u32, after: u32) -> Result<(), Difference> {
        let (before, after) = (Members::of(&self.before, before)?, Members::of(&self.after, after)?);
        for (what, pair) in ["static fields", "instance fields", "direct methods", "virtual methods"]
            .into_iter()
            .zip(before.counts.into_iter().zip(after.counts))
        {
            number(what, [pair.0, pair.1])?;
        }
        for (before, after) in before.fields.iter().zip(&after.fields) {
            self.member(Pool::Field, before, after)?;
        }
        for ((before, before_code), (after, after_code)) in before.methods.iter().zip(&after.methods) {
            self.member(Pool::Method, before, after)?;
            self.items("code", *before_code, *after_code, Self::code)
                .map_err(|difference| difference.within(|| self.before.dex.show(Pool::Method, before.index)))?;
        }
        Ok(())
    }

    fn member(&self, pool: Pool, before: &Defined, after: &Defined) -> Result<(), Difference> {
        self.index(pool, before.index, after.index)?;
        number("access flags", [before.access, after.access])
            .map_err(|difference| difference.within(|| self.before.dex.show(pool, before.index)))
    }
}

impl Members {
    fn of(side: &Side<'_>, offset: u32) -> Result<Self, Difference> {
        let mut members = Self { counts: [0; 4], fields: Vec::new(), methods: Vec::new() };
        let visit = &mut |entry: Entry<'_>| {
            match entry {
                Entry::Counts(counts, _) => members.counts = counts,
                Entry::Field(field) => members.fields.push(field),
                Entry::Method(method, body) => members.methods.push((method, body.code)),
                Entry::Fields(_) => {}
            }
            Ok::<_, Error>(())
        };
        class_data::walk(&mut side.dex.at(offset), visit).map_err(|error| side.unreadable(error))?;
        Ok(members)
    }
}
