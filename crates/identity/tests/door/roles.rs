//! The table of roles, word for word: whoever gives a role more, says so here too.

use std::fmt::Write;

use identity::Role;

#[test]
fn roles_hold_the_duties_that_were_agreed() {
    let mut table = String::new();
    for role in Role::ALL {
        writeln!(table, "{}", role.code()).unwrap();
        for duty in role.duties() {
            writeln!(table, "  {}", duty.code()).unwrap();
        }
    }
    let agreed = include_str!("roles.txt");
    assert!(table == agreed, "roles.rs gives other duties than roles.txt agreed to. The table is now:\n{table}");
}

#[test]
fn no_duty_is_given_twice() {
    for role in Role::ALL {
        let mut duties = role.duties().to_vec();
        duties.sort_unstable();
        duties.dedup();
        assert_eq!(duties.len(), role.duties().len(), "{role:?}");
    }
}

#[test]
fn codes_lead_back_to_their_roles() {
    for role in Role::ALL {
        assert_eq!(Role::from_code(role.code()), Some(*role));
        assert_eq!(serde_json::to_value(role).unwrap(), role.code());
    }
}
