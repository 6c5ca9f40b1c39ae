//! Folders are named after the workflow's steps, and every file in them is part of the program.

use super::arrow::CONTEXTS;
use super::{Finding, TextFile};

/// The workflow, as its document numbers it. The last two chapters have one number each.
const STEPS: [(&str, &str, &str, &str); 25] = [
    ("procurement", "market", "1.1", "市場調研"),
    ("procurement", "suppliers", "1.2", "供應商選擇"),
    ("procurement", "requisitions", "1.3", "採購申請"),
    ("procurement", "approvals", "1.4", "審批"),
    ("procurement", "contracts", "1.5", "下單與合同"),
    ("procurement", "receiving", "1.6", "驗收與入庫"),
    ("warehouse", "stock", "2.1", "庫存"),
    ("warehouse", "fulfilment", "2.2", "分揀與包裝"),
    ("warehouse", "coldchain", "2.3", "溫控"),
    ("warehouse", "counting", "2.4", "盤點"),
    ("orders", "intake", "3.1", "訂單接收"),
    ("orders", "review", "3.2", "訂單審核"),
    ("orders", "allocation", "3.3", "訂單分配"),
    ("orders", "outbound", "3.4", "出庫單"),
    ("orders", "notices", "3.5", "客戶通知"),
    ("delivery", "planning", "4.1", "路線規劃"),
    ("delivery", "couriers", "4.2", "配送員管理"),
    ("delivery", "tracking", "4.3", "實時跟蹤"),
    ("delivery", "feedback", "4.4", "客戶反饋"),
    ("delivery", "remedies", "4.5", "退換補償"),
    ("procedures", "authoring", "5", "流程文檔"),
    ("procedures", "conformance", "5", "流程文檔"),
    ("improvement", "suggestions", "6", "反饋與改進"),
    ("improvement", "meetings", "6", "反饋與改進"),
    ("improvement", "metrics", "6", "反饋與改進"),
];

/// A step opens with its number and Chinese name, so that the process and the code are one map.
pub(super) fn name_their_number(files: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let Some((context, folder)) = file
            .in_crate()
            .and_then(|(context, rest)| Some((context, rest.strip_prefix("src/")?.strip_suffix("/mod.rs")?)))
        else {
            continue;
        };
        if !CONTEXTS.contains(&context) || folder.contains('/') {
            continue;
        }
        let advice = match STEPS.iter().find(|(of, step, ..)| (*of, *step) == (context, folder)) {
            None => format!("`{folder}` is no step of {context}: move it into its step or a crate below"),
            Some((_, _, number, name)) => {
                let opening = format!("//! Step {number} {name}");
                if file.text.starts_with(&opening) {
                    continue;
                }
                format!("open the file with `{opening}`")
            }
        };
        findings.push(Finding::new(file, 1, "step-number", advice));
    }
    findings
}

/// A file that no `mod` names is compiled by nobody and lies to its reader.
pub(super) fn every_file_is_reached(files: &[TextFile]) -> Vec<Finding> {
    let is_orphan = |file: &&TextFile| {
        let Some((name, rest)) = file.in_crate() else {
            return false;
        };
        let Some(module) = rest.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")) else {
            return false;
        };
        let module = module.strip_suffix("/mod").unwrap_or(module);
        if matches!(module, "lib" | "main") || module.starts_with("bin/") {
            return false;
        }
        let (parent, own) = module.rsplit_once('/').unwrap_or(("", module));
        let parents = match parent {
            "" => ["lib.rs".to_owned(), "main.rs".to_owned()],
            folder => [format!("{folder}.rs"), format!("{folder}/mod.rs")],
        };
        let declaration = format!("mod {own};");
        !parents.iter().any(|parent| {
            let path = format!("crates/{name}/src/{parent}");
            let parent = files.iter().find(|candidate| candidate.path == path);
            parent.is_some_and(|parent| parent.text.lines().any(|line| line.trim_end().ends_with(&declaration)))
        })
    };
    files
        .iter()
        .filter(is_orphan)
        .map(|file| Finding::new(file, 1, "orphan-file", "declare it with `mod` in its parent, or delete it"))
        .collect()
}
