//! Any text as a question to AI Search, and as a query of either log. An answer must read back as itself.
#![no_main]

use std::sync::LazyLock;

use domain::time::at;
use libfuzzer_sys::fuzz_target;
use search::audit::Call;
use search::column::Log;
use search::query::Query;
use search::question::{Interpreter, Question};

const CALLS: [Call; 3] = [
    Call { name: "automate_upload", shown: &["platform", "version"] },
    Call { name: "certificates_update", shown: &["version"] },
    Call { name: "config_update", shown: &["version", "control"] },
];

static INTERPRETER: LazyLock<Interpreter> = LazyLock::new(|| Interpreter::new(&CALLS));

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for log in [Log::Audit, Log::Device] {
        if let Ok(query) = Query::parse(log, text) {
            let printed = query.to_string();
            assert_eq!(Query::parse(log, &printed).as_ref(), Ok(&query), "{printed}");
        }
        let Ok(question) = Question::parse(text) else { continue };
        if let Ok(answer) = INTERPRETER.interpret(&question, log, at(1_732_740_000)) {
            let printed = answer.query().to_string();
            assert_eq!(Query::parse(log, &printed).as_ref(), Ok(answer.query()), "{printed}");
            assert!(answer.from() < answer.to());
        }
    }
});
