//! The open objects of a topic partition: one for each folder and, where objects have a schema, for each schema that does not
//! go with another.

use std::collections::HashMap;
use std::sync::Arc;

use highway_connect_data::{ConnectRecord, Schema, SchemaRef};

use super::budget::Budget;
use super::error::{RecordError, TaskError};
use super::object::{Object, Uploads};
use crate::commit::FileRef;
use crate::format::{project, union};
use crate::settings::Settings;

/// Schemas of records that an object remembers having taken.
const REMEMBERED: usize = 4;

/// One object and what it was opened for.
struct Open {
    object: Object,
    schema: Option<SchemaRef>,
    /// Schemas of records that came, and whether they are to be projected: comparing them anew each time costs.
    seen: Vec<(SchemaRef, bool)>,
    held: usize,
}

/// All open objects.
pub(super) struct OpenObjects {
    folders: HashMap<String, Vec<usize>>,
    objects: Vec<Open>,
    budget: Budget,
}

impl Open {
    fn account(&mut self, budget: &Budget) {
        let held = self.object.held();
        budget.changed(self.held, held);
        self.held = held;
    }
}

/// Where a record goes.
enum Place {
    As(usize),
    Projected(usize),
    New(Option<SchemaRef>),
}

impl OpenObjects {
    pub(super) fn new(budget: Budget) -> Self {
        Self { folders: HashMap::new(), objects: Vec::new(), budget }
    }

    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Adds a record to the object of its folder, which is opened if need be under the name that `key` makes. Answers the
    /// object's number and how many bytes were added.
    pub(super) fn write(
        &mut self,
        settings: &Settings,
        folder: &str,
        record: &ConnectRecord,
        key: impl FnOnce() -> String,
    ) -> Result<(usize, u64), RecordError> {
        let schema = record.value.schema.as_ref();
        let (index, projected) = match self.place(settings, folder, schema) {
            Place::As(index) => (index, false),
            Place::Projected(index) => (index, true),
            Place::New(wanted) => {
                let encoder = settings.format.encoder(wanted.as_ref())?;
                let object = Object::new(key(), encoder);
                let index = self.objects.len();
                let projected = match (&wanted, schema) {
                    (Some(wanted), Some(schema)) => !Schema::same(wanted, schema),
                    _ => false,
                };
                self.objects.push(Open { object, schema: wanted, seen: Vec::new(), held: 0 });
                // The newest is looked at first.
                self.folders.entry(folder.to_owned()).or_default().insert(0, index);
                (index, projected)
            }
        };
        let open = &mut self.objects[index];
        let before = open.object.bytes();
        match (&open.schema, projected) {
            (Some(to), true) => {
                let value = project(&record.value.value, to)?;
                open.object.write(Some(to), &value, record.timestamp)?;
            }
            _ => open.object.write(schema, &record.value.value, record.timestamp)?,
        }
        if let Some(schema) = schema.filter(|_| settings.format.has_schema())
            && !open.seen.iter().any(|(known, _)| Arc::ptr_eq(known, schema))
        {
            if open.seen.len() == REMEMBERED {
                open.seen.remove(0);
            }
            open.seen.push((schema.clone(), projected));
        }
        open.account(&self.budget);
        Ok((index, open.object.bytes() - before))
    }

    fn place(&self, settings: &Settings, folder: &str, schema: Option<&SchemaRef>) -> Place {
        let Some(open) = self.folders.get(folder) else { return Place::New(schema.cloned()) };
        let Some(schema) = schema.filter(|_| settings.format.has_schema()) else {
            return open.first().map_or(Place::New(schema.cloned()), |&index| Place::As(index));
        };
        let mut wider = None;
        for &index in open {
            let Open { schema: Some(own), seen, .. } = &self.objects[index] else { continue };
            match seen.iter().find(|(known, _)| Arc::ptr_eq(known, schema)) {
                Some((_, false)) => return Place::As(index),
                Some((_, true)) => return Place::Projected(index),
                None if Schema::same(own, schema) => return Place::As(index),
                None => {}
            }
            if !settings.widen {
                continue;
            }
            match union(own, schema) {
                Some(both) if Schema::same(&both, own) => return Place::Projected(index),
                Some(both) => wider = wider.or(Some(both)),
                None => {}
            }
        }
        // A file's schema is fixed once it is begun: the next one is for both, and takes the records of before as well.
        Place::New(Some(wider.unwrap_or_else(|| schema.clone())))
    }

    /// Sends a whole part of this object, if there is one.
    pub(super) async fn upload_parts(&mut self, index: usize, uploads: &Uploads) -> Result<(), TaskError> {
        let open = &mut self.objects[index];
        if open.object.has_part(uploads) {
            open.object.upload_parts(uploads).await?;
            open.account(&self.budget);
        }
        Ok(())
    }

    /// Writes the largest objects to disk until the budget has room again.
    pub(super) async fn relieve(&mut self, uploads: &Uploads) -> Result<(), TaskError> {
        let mut order: Vec<usize> = (0..self.objects.len()).collect();
        order.sort_unstable_by_key(|&index| std::cmp::Reverse(self.objects[index].held));
        for index in order {
            let open = &mut self.objects[index];
            if self.budget.used() <= self.budget.low_mark() || open.held == 0 {
                break;
            }
            open.object.relieve(uploads).await?;
            open.account(&self.budget);
        }
        Ok(())
    }

    /// Uploads all that is left of all objects. They stay, so that they can be thrown away if it fails.
    pub(super) async fn finish(&mut self, uploads: &Uploads) -> Result<Vec<FileRef>, TaskError> {
        let mut files = Vec::with_capacity(self.objects.len());
        for open in &mut self.objects {
            files.push(open.object.finish(uploads).await?);
            open.account(&self.budget);
        }
        Ok(files)
    }

    /// Forgets the objects, whose uploads belong to the log now.
    pub(super) fn clear(&mut self) {
        self.objects.drain(..).for_each(|open| self.budget.changed(open.held, 0));
        self.folders.clear();
    }

    /// Throws the objects and their uploads away.
    pub(super) async fn discard(&mut self, uploads: &Uploads) {
        self.folders.clear();
        for open in self.objects.drain(..) {
            self.budget.changed(open.held, 0);
            open.object.discard(uploads).await;
        }
    }
}

impl Drop for OpenObjects {
    fn drop(&mut self) {
        self.clear();
    }
}
