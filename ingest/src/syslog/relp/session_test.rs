use proptest::prelude::*;

use super::*;

fn text(session: &mut Session) -> String {
    let mut out = Vec::new();
    session.output(&mut out);
    String::from_utf8(out).unwrap()
}

fn events(session: &mut Session) -> Vec<Event> {
    let mut all = Vec::new();
    while let Some(event) = session.next_event().unwrap() {
        all.push(event);
    }
    all
}

/// What rsyslog's omrelp sends (seen from librelp 1.11.0).
const OPEN: &[u8] =
    b"1 open 86 relp_version=0\nrelp_software=librelp,1.11.0,http://librelp.adiscon.com\ncommands=syslog\n";

#[test]
fn messages_are_answered_in_order_when_committed() {
    let mut session = Session::new(10, 100);
    session.push(OPEN);
    session.push(b"2 syslog 5 <1>aa\n3 syslog 6 <1>b\nb\n4 close 0\n");
    let seen = events(&mut session);
    let [Event::Message { ticket: a, data: first }, Event::Message { ticket: b, data: second }, Event::Close] =
        &seen[..]
    else {
        panic!("{seen:?}")
    };
    assert_eq!((&first[..], &second[..]), (&b"<1>aa"[..], &b"<1>b\nb"[..]));
    assert!(text(&mut session).starts_with("1 rsp 59 200 OK\nrelp_version=0\n"));
    session.answer(*b, Answer::Committed);
    assert_eq!(text(&mut session), "", "the second waits for the first");
    assert!(!session.done());
    session.answer(*a, Answer::Failed);
    session.answer(*a, Answer::Committed);
    assert_eq!(text(&mut session), "2 rsp 29 500 not stored, send it again\n3 rsp 6 200 OK\n4 rsp 0\n");
    assert!(session.done());
}

#[test]
fn the_window_bounds_what_is_held() {
    let mut session = Session::new(2, 100);
    session.push(OPEN);
    session.push(b"2 syslog 1 a\n3 syslog 1 b\n4 syslog 1 c\n");
    let first = events(&mut session);
    assert_eq!(first.len(), 1, "open waits for its turn too");
    assert!(session.full());
    text(&mut session);
    assert_eq!(events(&mut session).len(), 1);
    assert!(session.full());
    let Event::Message { ticket, .. } = first[0] else { panic!() };
    session.answer(ticket, Answer::Committed);
    text(&mut session);
    assert_eq!(events(&mut session).len(), 1);
}

#[test]
fn what_breaks_the_protocol_ends_the_session() {
    let error = |bytes: &[u8]| {
        let mut session = Session::new(10, 100);
        session.push(bytes);
        loop {
            match session.next_event() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("no error for {}", String::from_utf8_lossy(bytes)),
                Err(error) => return error,
            }
        }
    };
    assert!(matches!(error(b"1 syslog 1 a\n"), SessionError::Order { .. }));
    assert!(matches!(error(b"1 open 0\n2 close 0\n3 syslog 1 a\n"), SessionError::Order { .. }));
    assert_eq!(error(b"x open 0\n"), FrameError::Transaction.into());
    assert_eq!(error(b"1234567890"), FrameError::Transaction.into());
    assert_eq!(error(b"1 op3n 0\n"), FrameError::Command.into());
    assert_eq!(error(&[b"1 ".to_vec(), vec![b'a'; 33]].concat()), FrameError::Command.into());
    assert_eq!(error(b"1 open x"), FrameError::Length.into());
    assert_eq!(error(b"1 open 101 "), FrameError::TooLong { length: 101, max: 100 }.into());
    assert_eq!(error(b"1 open 1 ab"), FrameError::Trailer.into());
}

#[test]
fn an_unknown_command_is_refused_and_the_session_goes_on() {
    let mut session = Session::new(10, 100);
    session.push(b"1 open 0\n2 starttls 0\n3 syslog 1 a\n");
    assert_eq!(events(&mut session).len(), 1);
    assert!(text(&mut session).contains("2 rsp 23 500 command not offered\n"));
}

proptest! {
    #[test]
    fn any_cut_of_the_stream_gives_the_same_messages(lines in proptest::collection::vec("[a-z\n ]{0,30}", 0..10), step in 1_usize..50) {
        let mut stream = OPEN.to_vec();
        for (index, line) in lines.iter().enumerate() {
            frame::push(&mut stream, index as u32 + 2, "syslog", line.as_bytes());
        }
        let mut session = Session::new(100, 100);
        let mut seen = Vec::new();
        for piece in stream.chunks(step) {
            session.push(piece);
            for event in events(&mut session) {
                let Event::Message { ticket, data } = event else { panic!() };
                session.answer(ticket, Answer::Committed);
                seen.push(String::from_utf8(data.to_vec()).unwrap());
            }
        }
        let answers = text(&mut session);
        prop_assert_eq!(answers.matches("200 OK").count(), lines.len() + 1);
        prop_assert_eq!(seen, lines);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b'1'), Just(b'a'), any::<u8>()], 0..100)) {
        let mut session = Session::new(4, 16);
        session.push(b"1 open 0\n");
        session.push(&bytes);
        for _ in 0..200 {
            match session.next_event() {
                Ok(Some(Event::Message { ticket, .. })) => session.answer(ticket, Answer::Committed),
                Ok(Some(Event::Close)) => {}
                _ => break,
            }
            session.output(&mut Vec::new());
        }
    }
}
