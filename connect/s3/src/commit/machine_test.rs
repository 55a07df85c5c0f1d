//! Single steps that the model reaches only by chance, and the formats.

use std::sync::Arc;

use super::{
    Command, CompleteOutcome, Effect, Entry, EntryError, FileRef, LogKeys, Machine, Outcome, Position,
    PutOutcome, Reply,
};

fn at(offset: u64) -> Position {
    Position::new(0, offset)
}

fn file(key: &str) -> FileRef {
    FileRef { key: key.into(), upload: "u".into(), bytes: 1, ..FileRef::default() }
}

fn entry(commit: &str, end: u64) -> Arc<Entry> {
    Arc::new(Entry::new(commit.into(), at(end), vec![file("a")]))
}

fn reply(machine: &mut Machine, reply: Reply) -> Vec<Effect> {
    machine.step(Command::Reply(reply))
}

/// A machine at offset 10, after one entry.
fn ready() -> Machine {
    let mut machine = Machine::new(1000);
    assert_eq!(machine.open(), [Effect::ListCheckpoints]);
    assert_eq!(reply(&mut machine, Reply::Checkpoints(vec![])), [Effect::GetEntry(at(0))]);
    assert_eq!(reply(&mut machine, Reply::Entry(Some(entry("x", 10)))), [Effect::GetEntry(at(10))]);
    assert_eq!(reply(&mut machine, Reply::Entry(None)), [Effect::ListCheckpoints]);
    let effects = reply(&mut machine, Reply::Checkpoints(vec![]));
    assert_eq!(effects, [Effect::Complete { index: 0, file: file("a"), attempt: 0 }]);
    let effects = reply(&mut machine, Reply::Completed(0, CompleteOutcome::Done));
    let opened = Outcome::Opened { end: at(10), last: Some(entry("x", 10)) };
    assert_eq!(effects, [Effect::Tell(opened)]);
    machine
}

#[test]
fn an_answer_that_was_lost_is_read_back() {
    let mut machine = ready();
    let mine = entry("mine", 20);
    machine.step(Command::Commit((*mine).clone()));
    assert_eq!(reply(&mut machine, Reply::Put(PutOutcome::Unknown)), [Effect::GetEntry(at(10))]);
    let again = reply(&mut machine, Reply::Entry(None));
    assert_eq!(again, [Effect::PutEntry { at: at(10), entry: mine.clone(), attempt: 2 }]);
    assert_eq!(reply(&mut machine, Reply::Put(PutOutcome::Exists)), [Effect::GetEntry(at(10))]);
    assert_eq!(reply(&mut machine, Reply::Entry(Some(mine))), [Effect::ListCheckpoints]);
    reply(&mut machine, Reply::Checkpoints(vec![]));
    let done = reply(&mut machine, Reply::Completed(0, CompleteOutcome::Done));
    assert_eq!(done, [Effect::Tell(Outcome::Committed { end: at(20) })]);
}

#[test]
fn the_loser_aborts_and_walks_on() {
    let mut machine = ready();
    machine.step(Command::Commit((*entry("mine", 20)).clone()));
    reply(&mut machine, Reply::Put(PutOutcome::Exists));
    let effects = reply(&mut machine, Reply::Entry(Some(entry("theirs", 15))));
    assert_eq!(effects, [Effect::Abort(file("a")), Effect::ListCheckpoints]);
    reply(&mut machine, Reply::Checkpoints(vec![at(10)]));
    reply(&mut machine, Reply::Entry(Some(entry("theirs", 15))));
    reply(&mut machine, Reply::Entry(None));
    reply(&mut machine, Reply::Checkpoints(vec![at(10)]));
    let effects = reply(&mut machine, Reply::Completed(0, CompleteOutcome::NoUpload));
    assert_eq!(effects, [Effect::Look { index: 0, file: file("a") }]);
    let effects = reply(&mut machine, Reply::Visible(0, true));
    let last = Some(entry("theirs", 15));
    assert_eq!(effects, [Effect::Tell(Outcome::Lost { end: at(15), last })]);
    assert!(machine.is_ready());
}

#[test]
fn a_win_below_a_checkpoint_is_no_win() {
    let mut machine = ready();
    machine.step(Command::Commit((*entry("mine", 20)).clone()));
    reply(&mut machine, Reply::Put(PutOutcome::Created));
    let effects = reply(&mut machine, Reply::Checkpoints(vec![at(0), at(50)]));
    let expected = [Effect::Forget(at(10)), Effect::Abort(file("a")), Effect::ListCheckpoints];
    assert_eq!(effects, expected);
}

#[test]
fn an_object_that_is_gone_is_said() {
    let mut machine = ready();
    machine.step(Command::Commit((*entry("mine", 20)).clone()));
    reply(&mut machine, Reply::Put(PutOutcome::Created));
    reply(&mut machine, Reply::Checkpoints(vec![]));
    for attempt in 1.. {
        assert_eq!(
            reply(&mut machine, Reply::Completed(0, CompleteOutcome::NoUpload)),
            [Effect::Look { index: 0, file: file("a") }]
        );
        let effects = reply(&mut machine, Reply::Visible(0, false));
        if effects == [Effect::Tell(Outcome::Failed { at: at(10), file: file("a") })] {
            assert_eq!(attempt, 7);
            return;
        }
        assert_eq!(effects, [Effect::Complete { index: 0, file: file("a"), attempt }]);
    }
}

#[test]
fn commands_out_of_turn_change_nothing() {
    let mut machine = ready();
    for wrong in [
        machine.step(Command::Commit((*entry("mine", 10)).clone())),
        reply(&mut machine, Reply::Checkpointed(true)),
    ] {
        assert!(matches!(wrong[..], [Effect::Tell(Outcome::Refused(_))]), "{wrong:?}");
    }
    assert!(machine.is_ready());
    machine.step(Command::Commit((*entry("mine", 20)).clone()));
    let wrong = machine.step(Command::Commit((*entry("mine", 30)).clone()));
    assert!(matches!(wrong[..], [Effect::Tell(Outcome::Refused(_))]));
}

#[test]
fn names() {
    let keys = LogKeys::new("orders to s3", "orders", 7);
    let entry = keys.entry(Position::new(1, 42));
    assert_eq!(entry, "_highway/orders%20to%20s3/orders/7/log/0000000001-00000000000000000042");
    assert_eq!(LogKeys::position(&entry), Some(Position::new(1, 42)));
    let checkpoint = keys.checkpoint(Position::START);
    assert_eq!(checkpoint, "_highway/orders%20to%20s3/orders/7/checkpoint/0000000000-00000000000000000000");
    for other in
        ["a/b", "a/1-2", "a/0000000001-0000000000000000004x", "a/+000000001-00000000000000000042", ""]
    {
        assert_eq!(LogKeys::position(other), None, "{other}");
    }
    assert_eq!(LogKeys::new("../x", "t", 0).entries(), "_highway/%2E.%2Fx/t/0/log");
}

#[test]
fn entries_are_read_as_they_are_written() {
    let mut written = Entry::new("c".into(), at(9), vec![file("k")]);
    written.topic_ids = vec!["t".into()];
    let bytes = written.encode();
    assert_eq!(Entry::decode("n", at(3), &bytes), Ok(written));
    let text = r#"{"version":1,"commit":"c","end":{"generation":0,"offset":9},"files":[],"new":1}"#;
    assert_eq!(Entry::decode("n", at(3), text.as_bytes()), Ok(Entry::new("c".into(), at(9), vec![])));
    assert!(matches!(Entry::decode("n", at(9), text.as_bytes()), Err(EntryError::Malformed { .. })));
    let newer = Entry::decode("n", at(3), br#"{"version":2,"other":true}"#);
    assert_eq!(newer, Err(EntryError::Newer { key: "n".into(), version: 2 }));
    assert!(matches!(Entry::decode("n", at(3), b"{}"), Err(EntryError::Malformed { .. })));
}
