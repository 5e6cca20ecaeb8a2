//! The specification's tests come to what is recorded, and to nothing that is wrong: see `guestbox_tests::spec`.

use guestbox_tests::spec::{
    Script,
    record::{OUTCOMES, all},
    run,
    tally::Tally,
};

#[test]
fn the_suites_come_to_what_is_recorded() {
    let (mut tally, mut wrong) = (Tally::default(), Vec::new());
    for (script, findings) in all() {
        tally.add(&script.suite, &findings);
        for (directive, finding) in script.directives.iter().zip(&findings) {
            if finding.outcome.is_wrong() {
                let (place, line) = (format!("{}/{}", script.suite, script.name), directive.line);
                wrong.push(format!("{place}:{line}: {}: {}", finding.outcome, finding.detail));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    let differences = tally.differences(&Tally::recorded());
    assert!(
        differences.is_empty(),
        "not as recorded:\n{}\nIf it is meant, `make record-spec` records it.",
        differences.join("\n")
    );
}

/// Behind each directive stands what it comes to.
#[test]
fn each_outcome_is_told_from_the_others() {
    let script = Script::parse("guestbox", "outcomes", OUTCOMES).unwrap();
    let findings = run(&script);
    for (directive, finding) in script.directives.iter().zip(&findings) {
        let line = OUTCOMES.lines().nth(directive.line - 1).unwrap();
        let (_, expected) = line.rsplit_once(";; ").unwrap();
        assert_eq!(finding.outcome.to_string(), expected, "{line} {}", finding.detail);
    }
    assert!(findings.len() > 40, "{} directives", findings.len());
}

fn tally(text: &str) -> Tally {
    serde_json::from_str(text).unwrap()
}

#[test]
fn what_is_wrong_or_worse_is_not_recorded() {
    let before = tally(r#"{"a": {"passed": 3, "refused: simd": 1}}"#);
    let follows = |text: &str| tally(text).may_follow(&before);
    assert_eq!(follows(r#"{"a": {"passed": 4}, "b": {"passed": 1}}"#), Ok(()));
    for text in [
        r#"{"a": {"passed": 2, "refused: simd": 2}}"#,
        r#"{"b": {"passed": 4}}"#,
        r#"{"a": {"passed": 4, "accepted": 1}}"#,
        r#"{"a": {"passed": 4, "wrong value": 1}}"#,
        r#"{"a": {"passed": 4}, "b": {"wrong trap": 1}}"#,
    ] {
        assert!(follows(text).is_err(), "{text}");
    }
}

#[test]
fn a_difference_is_noticed_and_said_where_it_is() {
    let recorded = tally(r#"{"a": {"passed": 3, "accepted": 1}, "b": {"passed": 1}}"#);
    assert_eq!(recorded.differences(&recorded), Vec::<String>::new());
    let other = tally(r#"{"a": {"passed": 4}, "c": {"passed": 1}}"#);
    assert_eq!(
        other.differences(&recorded),
        [
            "a: accepted 0, recorded are 1",
            "a: passed 4, recorded are 3",
            "b: passed 0, recorded are 1",
            "c: passed 1, recorded are 0",
        ]
    );
}
