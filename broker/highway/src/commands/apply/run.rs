//! Reads, compares, changes, tells.

use serde_json::{Value, json};

use super::args::ApplyArgs;
use super::document::{Document, Object, read};
use super::{endpoint, schema, topic};
use crate::failure::Failure;
use crate::output::{self, Table};

/// What becomes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Created,
    Changed,
    Unchanged,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What becomes of an object, and how.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    state: State,
    changes: Vec<String>,
}

impl Plan {
    pub fn new(state: State, changes: impl IntoIterator<Item = String>) -> Self {
        Self { state, changes: changes.into_iter().collect() }
    }
}

/// Runs it.
pub async fn run(args: ApplyArgs) -> Result<(), Failure> {
    let mut documents = Vec::new();
    for file in &args.files {
        documents.extend(read(file)?);
    }
    if documents.is_empty() {
        return Err(Failure::usage("there is no document in the files"));
    }
    twice(&documents)?;
    let mut order: Vec<&Document> = documents.iter().collect();
    order.sort_by_key(|document| document.object.rank());
    let mut plans = carry_out(&args, &order, false).await?;
    if !args.dry_run && plans.iter().any(|plan| plan.state != State::Unchanged) {
        plans = carry_out(&args, &order, true).await?;
    }
    tell(&args, &order, &plans)
}

/// An object that stands twice would be what the second says, and changed at every run.
fn twice(documents: &[Document]) -> Result<(), Failure> {
    for (index, document) in documents.iter().enumerate() {
        let same = |other: &&Document| {
            other.object.rank() == document.object.rank() && other.object.name() == document.object.name()
        };
        if let Some(first) = documents[..index].iter().find(same) {
            let (kind, name) = (document.object.kind(), document.object.name());
            let message = format!("{kind} {name} stands in {} already", first.place);
            return Err(document.place.wrong(Failure::usage(message)));
        }
    }
    Ok(())
}

async fn carry_out(args: &ApplyArgs, order: &[&Document], apply: bool) -> Result<Vec<Plan>, Failure> {
    let topics = order.iter().any(|document| matches!(document.object, Object::Topic(_)));
    let client = if topics { Some(args.client.connect().await?) } else { None };
    let mut plans: Vec<Plan> = Vec::with_capacity(order.len());
    let mut pending = Vec::new();
    for document in order {
        let done = match (&document.object, &client) {
            (Object::Topic(of), Some(client)) => topic::run(client, of, apply).await,
            (Object::Schema(of), _) => schema::run(args, of, &pending, apply).await,
            (Object::Endpoint(of), _) => endpoint::run(args, of, &pending, apply).await,
            (Object::Topic(_), None) => continue,
        };
        let plan = done.map_err(|failure| {
            let (kind, name) = (document.object.kind(), document.object.name());
            let failure = Failure { error: format!("{kind} {name}: {}", failure.error), ..failure };
            document.place.wrong(failure)
        })?;
        if let (Object::Schema(of), false) = (&document.object, plan.state == State::Unchanged) {
            pending.push(of.subject.as_str());
        }
        plans.push(plan);
    }
    Ok(plans)
}

fn tell(args: &ApplyArgs, order: &[&Document], plans: &[Plan]) -> Result<(), Failure> {
    if args.output.is_json() {
        let item = |(document, plan): (&&Document, &Plan)| -> Value {
            json!({
                "kind": document.object.kind(), "name": document.object.name(), "state": plan.state.name(),
                "changes": plan.changes, "file": document.place.file, "document": document.place.number,
            })
        };
        let items: Vec<Value> = order.iter().zip(plans).map(item).collect();
        return output::json(&json!({ "applied": !args.dry_run, "items": items }));
    }
    let mut table = Table::new(&["KIND", "NAME", "STATE", "CHANGES"]);
    for (document, plan) in order.iter().zip(plans) {
        let (kind, name) = (document.object.kind().to_owned(), document.object.name().to_owned());
        table.row([kind, name, plan.state.name().to_owned(), plan.changes.join(", ")]);
    }
    table.print()?;
    if args.dry_run {
        output::note("nothing is changed: --dry-run");
    }
    Ok(())
}
