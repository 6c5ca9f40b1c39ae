//! Every paper in every language: all words are on the page, no box stands for a letter, nothing warns, and the same
//! facts give the same bytes.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

fn press(request: &Value, words: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_freshet-typesetter"))
        .args(words)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a way in").write_all(request.to_string().as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

/// The exit code of a program without typefaces.
const NO_TYPEFACE: i32 = 3;

fn without_typefaces(output: &Output) -> bool {
    let without = output.status.code() == Some(NO_TYPEFACE);
    if without {
        println!("skipped: no typefaces in typesetter/fonts");
    }
    without
}

/// Names that are rare in one script or the other.
const RARE: &str = "陳堃喆、游峯邨、劉犇焱、发广产购、瑠公圳、鰆魠、鱻";

fn contract(lang: &str) -> Value {
    let line = |position: i64| {
        json!({
            "position": position, "sku": "0042", "name": format!("空心菜 {RARE}"), "quantity": "6,000 g",
            "price": "60 TWD / 台斤", "value": "600 TWD", "arrival_max": "7.0 °C", "life_min": "4 天",
            "weight_tolerance": "3 %", "over_receipt": "5 %", "sampling": "AQL 1.0 / 4.0, II",
        })
    };
    json!({
        "template": "contract", "lang": lang, "code": "PO-TPE1-260328-7",
        "words": {
            "title": "採購合同", "buyer": "買方", "seller": "賣方", "delivery_on": "交貨日期", "currency": "幣別",
            "value": "金額", "form": "合同格式", "goods": "貨物", "product": "品名", "quantity": "數量", "price": "單價",
            "quality": "品質條款", "arrival_max": "溫度上限", "life_min": "最短效期", "weight_tolerance": "容差",
            "over_receipt": "超收上限", "sampling": "抽樣", "acceptance": "驗收規則", "penalties": "違約處理",
            "signatures": "簽署憑證", "hash": "SHA-256", "page": "第",
        },
        "facts": {
            "number": "PO-TPE1-260328-7", "form": "freshet purchase contract 1",
            "buyer": { "code": "TPE1", "name": "內湖" }, "seller": { "code": "YUNLIN-01", "name": "雲林蔬菜合作社" },
            "delivery_on": "2026-03-29", "currency": "TWD", "value": "24,000 TWD",
            "lines": (1..=40).map(line).collect::<Vec<_>>(),
            "acceptance": ["買方依其校準之秤付款。", "拒收貨物由原車載回。"], "penalties": ["減價 10 %。"],
            "buyer_signed": "2026-03-28 10:00", "seller_signed": "林小姐 2026-03-28 11:00",
            "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        },
    })
}

fn slip(lang: &str) -> Value {
    let lots =
        json!([{ "code": "L-260328-1", "quantity": "3 件 · 1,850 g" }, { "code": "L-260328-2", "quantity": "1 件" }]);
    let line = json!({
        "code": "0042", "name": "鱸魚", "ordered": "4 件", "lots": lots, "short": "缺貨",
    });
    json!({
        "template": "slip", "lang": lang, "code": "RN-TPE1-260328-17",
        "words": {
            "title": "出庫單", "order": "訂單", "site": "站點", "window": "時段", "state": "狀態", "remark": "備註：",
            "code": "代碼", "product": "品名", "ordered": "訂購", "lot": "批次", "quantity": "數量", "done": "完成",
            "pieces_total": "總件數", "grams_total": "總重量", "page": "第",
        },
        "facts": {
            "number": "RN-TPE1-260328-17", "order": "SO-TPE1-260328-3", "site": "TPE1 內湖",
            "window": "2026-03-28 10:00 – 12:00", "state": "待揀貨", "remark": "後門卸貨",
            "classes": [{ "name": "冷藏", "lines": [line] }], "pieces_total": "4 件", "grams_total": "1,850 g",
        },
    })
}

fn return_note(lang: &str) -> Value {
    let line = |position: i64| {
        json!({
            "position": position, "sku": "0042", "name": format!("空心菜 {RARE}"), "lot": "L-260328-1",
            "supplier_lot": "F-17", "quantity": "6,000 g", "reason": "葉片變黃", "value": "600 TWD",
        })
    };
    json!({
        "template": "return_note", "lang": lang, "code": "RTV-TPE1-260328-1",
        "words": {
            "title": "退貨單", "site": "退貨站點", "supplier": "供應商", "purchase_order": "採購單", "arrival": "收貨單",
            "vehicle": "車號", "arrived_at": "到貨時間", "product": "品名", "lot": "批次", "quantity": "數量",
            "reason": "退貨原因", "value": "金額", "pieces_total": "總件數", "grams_total": "總重量",
            "debit": "不得請款金額", "tax": "稅額", "excluded": "未含", "driver": "交付司機", "signature": "司機簽名",
            "page": "第",
        },
        "facts": {
            "number": "RTV-TPE1-260328-1", "site": { "code": "TPE1", "name": "內湖" },
            "supplier": { "code": "YUNLIN-01", "name": "雲林蔬菜合作社" }, "purchase_order": "PO-TPE1-260328-7",
            "arrival": "GRN-TPE1-260328-2", "vehicle": "KLA-2107", "arrived_at": "2026-03-28 06:10",
            "lines": (1..=40).map(line).collect::<Vec<_>>(), "pieces_total": "", "grams_total": "240,000 g",
            "debit": "24,000 TWD", "handed_over": "王大明，2026-03-28 06:40",
        },
    })
}

#[test]
fn every_paper_is_whole_in_every_language_and_the_same_every_time() {
    for lang in ["en", "zh-Hant", "zh-Hans"] {
        for (request, said) in [
            (contract(lang), vec!["採購合同", "雲林蔬菜合作社", RARE, "ba7816bf", "減價"]),
            (return_note(lang), vec!["退貨單", "雲林蔬菜合作社", RARE, "RTV-TPE1-260328-1", "F-17", "葉片變黃", "王大明"]),
            (slip(lang), vec!["出庫單", "RN-TPE1-260328-17", "L-260328-2", "1,850 g", "缺貨"]),
        ] {
            let first = press(&request, &[]);
            if without_typefaces(&first) {
                return;
            }
            let proof: Value = serde_json::from_slice(&first.stderr).expect("a proof");
            assert!(first.status.success(), "{proof}");
            assert!(first.stdout.starts_with(b"%PDF-"));
            assert_eq!((&proof["missing"], &proof["warnings"]), (&json!(""), &json!([])), "{lang} {proof}");
            assert_eq!(first.stdout, press(&request, &[]).stdout, "the same facts, the same bytes");

            let text = String::from_utf8(press(&request, &["--text"]).stdout).expect("text");
            let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
            for words in said {
                let words: String = words.chars().filter(|letter| !letter.is_whitespace()).collect();
                assert!(text.contains(&words), "{lang}: {words} is not in {text}");
            }
        }
    }
}

#[test]
fn what_cannot_be_set_is_refused_with_its_reason() {
    let unknown = press(&json!({ "template": "poem", "lang": "en", "words": {}, "facts": {} }), &[]);
    if without_typefaces(&unknown) {
        return;
    }
    assert_eq!(unknown.status.code(), Some(4));
    let mut unscannable = slip("en");
    unscannable["code"] = json!("出庫單");
    assert_eq!(press(&unscannable, &[]).status.code(), Some(4));
    let mut lacking = slip("en");
    lacking["facts"] = json!({});
    assert_eq!(press(&lacking, &[]).status.code(), Some(5));
}
