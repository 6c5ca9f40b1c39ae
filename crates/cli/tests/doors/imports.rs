use std::{fs, path::Path, process::Command};

use crate::server::{Databases, Server};

/// Whether it went well, and what it said.
fn freshet(words: &[&str]) -> (bool, String) {
    let ended = Command::new(env!("CARGO_BIN_EXE_freshet")).args(words).output().expect("the program runs");
    (ended.status.success(), String::from_utf8_lossy(&ended.stdout).into_owned())
}

const SALES: &str = "site,product,day,weight,revenue\nTPE,SPINACH,2026-02-26,12.5 公斤,900\n\
                     TPE,SPINACH,115/02/27,9 台斤,400\n";
const QUOTES: &str = "market,product,day,currency,upper,middle,lower,price_per,source\n\
                      台北一,SPINACH,2026-02-26,TWD,60,50,40,公斤,AMIS\n\
                      台北一,SPINACH,115/02/27,TWD,60,52,40,公斤,AMIS\n";

#[tokio::test]
async fn the_history_of_the_market_comes_by_file() {
    let databases = Databases::new("imports");
    for database in databases.urls() {
        let server = Server::start(&database, &[]).await;
        let password = databases.file("password");
        fs::write(&password, server::DEMO_PASSWORD).expect("a file");
        let send = |kind: &str, file: &Path, more: &[&str]| {
            let file = file.display().to_string();
            let password = password.display().to_string();
            let mut words = vec!["import", kind, file.as_str(), "--server", server.address.as_str()];
            words.extend(["--login", "buyer", "--password-file", password.as_str()]);
            words.extend(more);
            freshet(&words)
        };
        for (kind, good, wrong) in [("sales", SALES, "115/02/30"), ("quotes", QUOTES, "yesterday")] {
            let file = databases.file(&format!("{kind}.csv"));
            let (done, _) = freshet(&["template", kind, "--format", "csv", "--output", &file.display().to_string()]);
            assert!(done && fs::read_to_string(&file).expect("a template").contains("Day"), "{kind}");
            // Its example is good, but for a site or a product that this shop does not have.
            let (done, told) = send(kind, &file, &[]);
            assert!(!done && told.contains("Row 2, ") && told.contains("there is no "), "{told}");

            fs::write(&file, good.replace("115/02/27", wrong)).expect("a file");
            let (done, told) = send(kind, &file, &[]);
            assert!(!done && told.contains(&format!("Row 3, Day: “{wrong}” is no date")), "{told}");
            assert!(told.contains("1 of 2 rows cannot be taken"), "{told}");

            fs::write(&file, good).expect("a file");
            let (_, told) = send(kind, &file, &["--dry-run"]);
            assert_eq!(told, "2 rows: 2 would be entered anew, 0 changed, 0 already so\n");
            assert_eq!(send(kind, &file, &[]), (true, "2 rows: 2 entered anew, 0 changed, 0 already so\n".to_owned()));
            assert_eq!(send(kind, &file, &[]), (true, "2 rows: 0 entered anew, 0 changed, 2 already so\n".to_owned()));
        }
    }
}
