//! What is done to note where a guest is changes nothing of what it does.

use guestbox::CompileOptions;
use guestbox_tests::guests::GUESTS;

#[test]
fn real_guests_do_the_same() {
    for guest in GUESTS {
        let plain = guest.run();
        let with = guest.run_compiled(CompileOptions::new().with_frames());
        for (at, (line, expected)) in with.lines.iter().zip(&plain.lines).enumerate() {
            assert_eq!(line, expected, "line {} of {}", at + 1, guest.name);
        }
        if let Err(failure) = with.outcome {
            panic!("{}: {failure}", guest.name);
        }
        assert_eq!(with.lines.len(), plain.lines.len());
        assert!(with.fuel > plain.fuel);
    }
}
