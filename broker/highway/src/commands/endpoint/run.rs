//! Carries the commands out.

use std::io::Read;

use serde_json::{Value, json};

use super::args::{CreateArgs, EndpointCommand, KeyCommand, NameArgs, SchemaArgs, TestArgs};
use super::http::{call, encoded};
use crate::cli::OutputArgs;
use crate::failure::{EXIT_CHECK, Failure};
use crate::output::{self, Table};

const JSON: &str = "application/json";

/// Runs it.
pub async fn run(command: EndpointCommand) -> Result<(), Failure> {
    match command {
        EndpointCommand::Create(args) => create(args).await,
        EndpointCommand::List(args) => {
            let found = call(&args.admin.admin, "GET", "/api/v1/endpoints", JSON, b"").await?;
            list(&found, &args.admin.output)
        }
        EndpointCommand::Describe(args) => {
            let found = ask(&args, "GET", "").await?;
            describe(&found, &args.admin.output)
        }
        EndpointCommand::Delete(args) => {
            ask(&args, "DELETE", "").await?;
            if args.admin.output.is_json() {
                return output::json(&json!({ "name": args.name, "state": "deleted" }));
            }
            output::note(format!("endpoint {} is deleted; its topics are not", args.name));
            Ok(())
        }
        EndpointCommand::Test(args) => test(args).await,
        EndpointCommand::Replay(args) => {
            let done = ask(&args, "POST", "/replay").await?;
            describe(&done, &args.admin.output)
        }
        EndpointCommand::Schema(args) => schema(args).await,
        EndpointCommand::Key(KeyCommand::Create(args)) => {
            let made = ask(&args, "POST", "/keys").await?;
            if !args.admin.output.is_json() {
                output::note("this key is shown only now; send it as 'Authorization: Bearer KEY'");
            }
            describe(&made, &args.admin.output)
        }
    }
}

async fn ask(args: &NameArgs, method: &str, suffix: &str) -> Result<Value, Failure> {
    let path = format!("/api/v1/endpoints/{}{suffix}", encoded(&args.name));
    call(&args.admin.admin, method, &path, JSON, b"").await
}

async fn create(args: CreateArgs) -> Result<(), Failure> {
    let path = format!("/api/v1/endpoints/{}", encoded(&args.name));
    let made = match &args.file {
        Some(file) => {
            let text = if file.as_os_str() == "-" { stdin()? } else { std::fs::read(file)? };
            // JSON is YAML as well.
            call(&args.admin.admin, "PUT", &path, "application/yaml", &text).await?
        }
        None => {
            let mut definition = json!({ "topic": args.topic });
            for (name, value) in [("dialect", &args.dialect), ("event_name", &args.event_name)] {
                if let Some(value) = value {
                    definition[name] = json!(value);
                }
            }
            if args.infer {
                definition["schema"] = json!({ "mode": "infer" });
            } else if let Some(subject) = &args.schema {
                definition["schema"] = json!({ "subject": subject });
            }
            call(&args.admin.admin, "PUT", &path, JSON, definition.to_string().as_bytes()).await?
        }
    };
    if args.admin.output.is_json() {
        return output::json(&made);
    }
    let text = |name: &str| made[name].as_str().unwrap_or("-").to_owned();
    let mut table = Table::new(&["NAME", "TOPIC", "REJECTS", "PATH"]);
    table.row([args.name, text("topic"), text("rejects_topic"), text("path")]);
    table.print()
}

fn list(found: &Value, output: &OutputArgs) -> Result<(), Failure> {
    if output.is_json() {
        return output::json(found);
    }
    let mut table = Table::new(&["NAME", "TOPIC", "DIALECT", "AUTH", "PATH"]);
    for item in found["items"].as_array().into_iter().flatten() {
        let text = |name: &str| item[name].as_str().unwrap_or("-").to_owned();
        let auth = match &item["auth"] {
            Value::Object(map) => map.keys().next().cloned().unwrap_or_default(),
            other => other.as_str().unwrap_or("-").to_owned(),
        };
        table.row([text("name"), text("topic"), text("dialect"), auth, text("path")]);
    }
    table.print()
}

/// Name and value of every member.
fn describe(found: &Value, output: &OutputArgs) -> Result<(), Failure> {
    if output.is_json() {
        return output::json(found);
    }
    let mut table = Table::new(&["SETTING", "VALUE"]);
    for (name, value) in found.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        table.row([name.clone(), value]);
    }
    table.print()
}

fn stdin() -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    std::io::stdin().lock().read_to_end(&mut text)?;
    Ok(text)
}

/// The proposal goes to stdout as it is, to be edited; what is to be said of it to stderr.
async fn schema(args: SchemaArgs) -> Result<(), Failure> {
    let query = args.samples.map(|samples| format!("?samples={samples}")).unwrap_or_default();
    let path = format!("/api/v1/endpoints/{}/schema{query}", encoded(&args.name));
    let body = match &args.file {
        None => Vec::new(),
        Some(file) if file.as_os_str() == "-" => stdin()?,
        Some(file) => std::fs::read(file)?,
    };
    let method = if args.accept { "POST" } else { "GET" };
    let found = call(&args.admin.admin, method, &path, JSON, &body).await?;
    if args.admin.output.is_json() {
        return output::json(&found);
    }
    let text = |name: &str| found[name].as_str().unwrap_or("-").to_owned();
    if args.accept {
        output::note(format!(
            "subject {} has it under id {}; endpoint {} refuses what does not fit",
            text("subject"),
            found["id"],
            args.name
        ));
        return Ok(());
    }
    output::note(format!(
        "learnt from {} events; `highway endpoint schema {} --accept` registers it as {} and enforces it",
        found["samples"],
        args.name,
        text("subject")
    ));
    output::json(&found["schema"])
}

async fn test(args: TestArgs) -> Result<(), Failure> {
    let body = match args.data {
        Some(data) => data.into_bytes(),
        None => stdin()?,
    };
    let path = format!("/api/v1/endpoints/{}/test", encoded(&args.name));
    let found = call(&args.admin.admin, "POST", &path, &args.content_type, &body).await?;
    let items = found["items"].as_array().cloned().unwrap_or_default();
    if args.admin.output.is_json() {
        output::json(&found)?;
    } else {
        let mut table = Table::new(&["STATUS", "ID", "PATH", "MESSAGE"]);
        for item in &items {
            let text = |name: &str| item[name].as_str().unwrap_or("").to_owned();
            table.row([text("status"), text("id"), text("path"), text("message")]);
        }
        table.print()?;
    }
    match items.iter().any(|item| item["status"] == "rejected") {
        true => Err(Failure::silent(EXIT_CHECK)),
        false => Ok(()),
    }
}
