//! Each rule on a record where it has to speak first, and on one where it has to be silent.

mod cases;
mod record;
mod successes;
mod wordings;

use std::collections::BTreeSet;

use super::*;

#[test]
fn each_rule_speaks_first_on_its_own_record() {
    for (id, record, _) in cases::all() {
        let findings = diagnose(&record.0, cases::registered(id));
        let found: Vec<_> = findings.iter().map(|finding| (finding.id, finding.confidence)).collect();
        assert_eq!(found.first().map(|(id, _)| *id), Some(id), "{found:?}");
        let finding = &findings[0];
        assert!(!finding.title.is_empty() && !finding.next.is_empty() && !finding.evidence.is_empty(), "{finding:?}");
        assert!(finding.evidence.iter().all(|line| line.contains(" s  ")), "{finding:?}");
    }
}

#[test]
fn each_rule_is_silent_on_a_near_miss() {
    for (id, _, near) in cases::all() {
        let findings = diagnose(&near.0, None);
        assert!(findings.iter().all(|finding| finding.id != id), "{id} on {findings:?}");
    }
}

#[test]
fn an_issuers_name_is_told_and_never_taken_for_a_cause() {
    for issuer in ["CN=Corp", "CN=expired", "CN=UnknownIssuer", "CN=not valid for name", "CN=through the proxy x"] {
        for (reason, id) in [
            ("UnknownIssuer", "tls_authority"),
            ("certificate expired: verification time 1 (UNIX)", "tls_date"),
            ("certificate not valid for name \"as.example\"", "tls_name"),
        ] {
            let record = record::login().with_code().refuses_certificate(issuer, reason);
            let findings = diagnose(&record.0, None);
            let found: Vec<_> = findings.iter().map(|finding| finding.id).collect();
            assert_eq!(found, [id], "{issuer}: {reason}");
            let is_told = findings[0].details.iter().any(|detail| detail.contains(&format!("`{issuer}`")));
            assert_eq!(is_told, id == "tls_authority", "{findings:?}");
        }
    }
}

#[test]
fn every_rule_has_a_record_and_a_near_miss() {
    let tried: BTreeSet<&str> = cases::all().into_iter().map(|(id, ..)| id).collect();
    let rules: Vec<&str> = RULES.iter().chain([&LAST]).map(|rule| rule.id).collect();
    assert_eq!(rules.iter().collect::<BTreeSet<_>>().len(), rules.len(), "an id is there twice");
    for id in rules {
        assert!(tried.contains(id), "`{id}` has a record and a near miss in src/flow/explain/tests/cases.rs");
    }
}
