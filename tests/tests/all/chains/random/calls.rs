//! Operations on a call that is driven by hand.

use super::{
    model::{Answer, Call, Code, Outcome, State},
    world::{Held, SERVED, World},
};
use guestbox::{Execution, ExecutionError, HostError, Step, Store, TrapCode, Value, Values};
use std::thread;

#[derive(Clone, Copy)]
pub(super) enum OfCall {
    Run,
    Enter,
    Answer,
    End,
    Drop,
    OpenLevel,
    Drive,
}

impl Answer {
    /// What the supervisor says.
    pub(super) fn said(self) -> Result<Values, HostError> {
        match self {
            Self::Result => Ok(0.into()),
            Self::Error => Err(HostError::new()),
            Self::WrongType => Ok(0_i64.into()),
        }
    }
}

/// Runs a call, and says what came of it.
fn run(store: &mut Store, call: &Call, execution: &mut Execution) -> Outcome {
    match execution.run(store) {
        Ok(Step::HostCall(waits)) => {
            assert_eq!(waits.args, [Value::I32(call.argument)]);
            Outcome::HostCall
        }
        Ok(Step::OutOfFuel { .. } | Step::SliceOver) => Outcome::Pause,
        Ok(Step::Finished(results)) => Outcome::finished(&results),
        Ok(Step::Trapped(trap)) => Outcome::Trapped(trap.code()),
        Err(ExecutionError::Busy) => Outcome::Busy,
        Err(ExecutionError::Ended) => Outcome::AlreadyEnded,
        other => panic!("{other:?}"),
    }
}

impl Outcome {
    /// It returned these.
    pub(super) fn finished(results: &Values) -> Self {
        let [Value::I32(result)] = **results else { panic!("{results:?}") };
        Self::Finished(result)
    }
}

impl World {
    /// One operation on a call, which is returned if it is kept.
    pub(super) fn operate_on(
        &mut self,
        store: &mut Store,
        mut held: Held,
        operation: OfCall,
    ) -> Option<Held> {
        // Little is left to do with one that has ended.
        let is_dropped = held.call.has_ended() && self.random.chance(60);
        match if is_dropped { OfCall::Drop } else { operation } {
            OfCall::Run => self.run(store, &mut held),
            OfCall::Enter => self.enter(store, &mut held),
            OfCall::Answer => self.answer(&mut held),
            OfCall::End => self.end(store, &mut held),
            OfCall::OpenLevel if held.call.state == State::Waiting => self.open_level(store, &mut held),
            OfCall::Drive if held.call.code != Code::Spin && self.model.served() < SERVED => {
                self.drive(store, &mut held);
            }
            OfCall::OpenLevel | OfCall::Drive => {}
            OfCall::Drop => {
                self.let_go(held);
                return None;
            }
        }
        assert_eq!(held.execution.is_ended(), held.call.has_ended());
        Some(held)
    }

    fn run(&mut self, store: &mut Store, Held { call, execution }: &mut Held) {
        self.log(&format!("run {}", call.number));
        let expected = self.model.run(call);
        assert_eq!(run(store, call, execution), expected);
        self.counts.count(match expected {
            Outcome::Busy => "runs that were busy",
            Outcome::AlreadyEnded => "runs of calls that had ended",
            Outcome::HostCall => "runs to a host call",
            Outcome::Pause => "runs to a pause",
            Outcome::Finished(_) => "runs to the end",
            Outcome::Trapped(_) | Outcome::AnswerRefused => "runs to a trap",
        });
    }

    fn enter(&mut self, store: &mut Store, Held { call, execution }: &mut Held) {
        self.log(&format!("enter {}", call.number));
        let expected = if call.has_ended() {
            Err(ExecutionError::Ended)
        } else if self.model.enter(call) {
            Ok(())
        } else {
            self.counts.count("places refused");
            Err(ExecutionError::Busy)
        };
        assert_eq!(execution.enter(store), expected);
    }

    /// An answer by chance: a result in so many of a hundred cases.
    pub(super) fn any_answer(&mut self, results: u32) -> Answer {
        if self.random.chance(results) {
            return Answer::Result;
        }
        self.random.one(&[Answer::Error, Answer::WrongType])
    }

    fn answer(&mut self, Held { call, execution }: &mut Held) {
        let answer = self.any_answer(67);
        self.log(&format!("answer {} with {answer:?}", call.number));
        let expected = if call.state != State::Waiting {
            Err(ExecutionError::NotWaiting)
        } else if self.model.answer(call, answer) {
            Ok(())
        } else {
            self.counts.count("answers that were busy");
            Err(ExecutionError::Busy)
        };
        assert_eq!(execution.answer(answer.said()), expected);
    }

    fn end(&mut self, store: &mut Store, Held { call, execution }: &mut Held) {
        let cancels = self.random.chance(50);
        self.log(&format!("end {}, cancels {cancels}", call.number));
        if cancels {
            execution.cancel(store);
        } else {
            assert_eq!(execution.end_with(store, TrapCode::Outlived).code(), TrapCode::Outlived);
        }
        self.model.end(call);
    }

    /// Drops a call, here or in another thread.
    pub(super) fn let_go(&mut self, Held { mut call, execution }: Held) {
        self.log(&format!("drop {}", call.number));
        self.model.end(&mut call);
        if self.random.below(4) == 0 {
            thread::spawn(move || drop(execution)).join().unwrap();
        }
    }

    /// Opens a level of the host call that a call waits for, by running it or by asking it.
    fn open_level(&mut self, store: &mut Store, Held { call, execution }: &mut Held) {
        let asks = self.random.chance(30);
        self.log(&format!("open a level of {}, asks {asks}", call.number));
        let waits = if asks {
            execution.waits_for().unwrap()
        } else {
            match execution.run(store) {
                Ok(Step::HostCall(waits)) => {
                    assert!(self.model.is_last(call), "others are nested in it");
                    waits
                }
                Err(ExecutionError::Busy) => return assert!(!self.model.is_last(call), "it is busy"),
                other => panic!("{other:?}"),
            }
        };
        let depth = self.model.depth();
        match store.open_level(&waits) {
            Ok(level) => {
                self.counts.count("levels opened");
                assert!(self.model.open_level(call), "it is too deep");
                self.keep_level(level, depth);
            }
            Err(trap) => {
                self.counts.count("levels that were too deep");
                assert_eq!(trap.code(), TrapCode::NestingTooDeep);
                assert!(!self.model.open_level(call), "it is not too deep");
            }
        }
    }
}
