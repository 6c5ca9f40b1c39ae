//! Small files: what is refused, in whose words, and what a second file does.

use axum::http::StatusCode;
use identity::Role;
use kernel::Lang;
use sheets::Format;

use crate::{
    generator,
    shop::{Shop, shops},
};

const MANAGER: Role = Role::OperationsManager;

async fn products_of(shop: &Shop) {
    shop.send(MANAGER, "/imports/products", &generator::products(6).csv()).await.ok();
}

#[tokio::test]
async fn a_bad_row_is_told_in_the_language_of_its_reader() {
    for shop in shops().await {
        let mut file = generator::products(3);
        file.spoil(1, &[("case_amount", "1 台兩半", "")]);
        let refused = shop.send_in(Lang::ZhHant, MANAGER, "/imports/products", &file.csv()).await;

        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let told = refused.json();
        assert_eq!(told["detail"], "3 列中有 1 列有誤（共 1 處），未匯入任何資料。");
        assert_eq!(told["errors"][0]["field"], "rows/3/case_amount");
        assert_eq!(told["errors"][0]["detail"], "第 3 列「每箱數量」：「1 台兩半」不是數字");
    }
}

#[tokio::test]
async fn a_second_file_changes_what_it_says_otherwise_and_nothing_else() {
    for shop in shops().await {
        products_of(&shop).await;
        let mut file = generator::products(6);
        file.spoil(1, &[("name_en", "Better spinach", "")]);

        let changed = shop.send(MANAGER, "/imports/products", &file.csv()).await.ok();

        assert_eq!((&changed["changed"], &changed["same"]), (&1.into(), &5.into()));
        let skus = shop.get(MANAGER, "/skus?limit=200").await.ok();
        assert!(skus["items"].as_array().unwrap().iter().any(|sku| sku["names"]["en"] == "Better spinach"));
    }
}

#[tokio::test]
async fn a_day_that_is_sent_again_is_replaced() {
    for shop in shops().await {
        products_of(&shop).await;
        let file = generator::sales(6, 6);
        let taken = shop.send(Role::Buyer, "/imports/sales", &file.csv()).await.ok();
        assert_eq!(taken["created"], 6);
        let mut other = file.clone();
        other.spoil(1, &[("revenue", "777", "")]);

        let changed = shop.send(Role::Buyer, "/imports/sales", &other.xlsx()).await.ok();

        assert_eq!((&changed["changed"], &changed["same"]), (&1.into(), &5.into()));
        let skus = shop.get(MANAGER, "/skus?limit=200").await.ok();
        let sku = skus["items"].as_array().unwrap().iter().find(|sku| sku["code"] == "00003").unwrap();
        let site = &shop.get(MANAGER, "/sites").await.ok()[0];
        let (sku, site) = (sku["id"].as_str().unwrap(), site["id"].as_str().unwrap());
        let path = format!("/market/sales?site={site}&sku={sku}&from=2026-03-01&through=2026-03-27");
        let days = shop.get(Role::Buyer, &path).await.ok();
        assert_eq!((&days[0]["amount"], &days[0]["revenue"]), (&12_500.into(), &777.into()));
    }
}

#[tokio::test]
async fn a_day_is_sold_once_and_in_the_measure_of_its_product() {
    for shop in shops().await {
        products_of(&shop).await;
        let mut file = generator::sales(6, 6);
        // Kilograms of the product that the next row counts by the piece.
        file.spoil(1, &[("product", "00004", "")]);

        let refused = shop.send(Role::Buyer, "/imports/sales", &file.csv()).await;

        assert_eq!(refused.faults(), ["rows/5/weight imports/wrong-measure", "rows/6/day imports/twice"]);
        assert_eq!(shop.told("sales_recorded").await, 0);
    }
}

#[tokio::test]
async fn a_price_that_is_sent_again_is_replaced() {
    for shop in shops().await {
        products_of(&shop).await;
        let mut file = generator::quotes(6, 6);
        let taken = shop.send(Role::Buyer, "/imports/quotes", &file.xlsx()).await.ok();
        assert_eq!(taken["created"], 6);
        file.spoil(1, &[("middle", "59", "")]);

        let changed = shop.send(Role::Buyer, "/imports/quotes", &file.csv()).await.ok();

        assert_eq!((&changed["changed"], &changed["same"]), (&1.into(), &5.into()));
    }
}

#[tokio::test]
async fn what_was_counted_once_is_not_changed_by_a_file() {
    for shop in shops().await {
        products_of(&shop).await;
        let file = generator::stock(6);
        let taken = shop.send(MANAGER, "/imports/stock", &file.csv()).await.ok();
        assert_eq!(taken["created"], 6);
        let mut other = file.clone();
        let spoiled = other.spoil(1, &[("use_by", "115/04/21", "imports/known-otherwise")]);

        let refused = shop.send(MANAGER, "/imports/stock", &other.csv()).await;

        assert_eq!(refused.faults(), [spoiled[0].replace("use_by", "reference")]);
    }
}

#[tokio::test]
async fn suppliers_come_with_their_papers_and_wait_to_be_admitted() {
    for shop in shops().await {
        let file = generator::suppliers(3);
        let taken = shop.send(Role::Buyer, "/imports/suppliers", &file.xlsx()).await.ok();
        assert_eq!(taken["created"], 3);
        let again = shop.send(Role::Buyer, "/imports/suppliers", &file.csv()).await.ok();
        assert_eq!(again["same"], 3);

        let suppliers = shop.get(Role::Buyer, "/suppliers").await.ok();
        let first = &suppliers["items"][0];
        assert_eq!(first["standing"], "registered");
        let id = first["id"].as_str().unwrap();
        let papers = shop.get(Role::Buyer, &format!("/suppliers/{id}/qualifications")).await.ok();
        assert_eq!(papers[0]["valid_until"], "2028-12-31");
    }
}

#[tokio::test]
async fn a_file_is_taken_only_from_those_who_may_enter_such_things() {
    for shop in shops().await {
        let file = generator::products(1).csv();
        for role in Role::ALL {
            let answer = shop.send(*role, "/imports/products?dry_run=true", &file).await;
            let expected = if *role == MANAGER { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status, expected, "{role:?}");
        }
        let elsewhere = axum::http::Request::post("/imports/products")
            .header("x-role", MANAGER.code())
            .header("x-site", "00000000-0000-7000-8000-000000000001")
            .header("idempotency-key", "another-site")
            .body(axum::body::Body::from(file))
            .unwrap();
        let answer = shop.ask(elsewhere).await;
        assert_eq!(answer.faults(), ["rows/2/price_site imports/unknown-site"]);
    }
}

#[tokio::test]
async fn a_file_that_is_no_table_of_this_kind_is_refused_whole() {
    for shop in shops().await {
        for (file, code) in [
            (&b""[..], "imports/empty"),
            (b"code,name_en\n", "imports/column-missing"),
            (b"code,colour\n1,red\n", "imports/unknown-column"),
            (b"code,\xE4\xBB\xA3\xE7\xA2\xBC\n1,2\n", "imports/column-twice"),
            (b"\xB5\xE6\n", "imports/not-utf8"),
            (b"PK\x03\x04rubbish", "imports/malformed"),
        ] {
            let answer = shop.send(MANAGER, "/imports/products", file).await;
            assert_eq!(answer.code(), code);
        }
    }
}

#[tokio::test]
async fn every_template_reads_as_a_good_file_of_its_kind() {
    for shop in shops().await {
        products_of(&shop).await;
        for (kind, role) in [("products", MANAGER), ("suppliers", Role::Buyer), ("customers", Role::OrderDesk)] {
            for format in [Format::Csv, Format::Xlsx] {
                let path = format!("/imports/template?kind={kind}&format={}", format.ending());
                let template = shop.get(role, &path).await;
                assert_eq!(template.status, StatusCode::OK);
                let rehearsed = shop.send(role, &format!("/imports/{kind}?dry_run=true"), &template.bytes).await.ok();
                assert_eq!(rehearsed["created"], 1, "{kind}");
            }
        }
        // The examples of these name things that this shop does not have; their cells are good all the same.
        let of_others =
            [("quotes", Role::Buyer), ("sales", Role::Buyer), ("stock", MANAGER), ("orders", Role::OrderDesk)];
        for (kind, role) in of_others {
            for lang in Lang::ALL {
                let kind_of = imports::Kind::from_code(kind).unwrap();
                let template = imports::template(kind_of, Format::Xlsx, lang).unwrap();
                let refused = shop.send(role, &format!("/imports/{kind}"), &template).await;
                let faults = refused.faults();
                let unknown = |fault: &String| fault.contains("imports/unknown-");
                assert!(!faults.is_empty() && faults.iter().all(unknown), "{kind} {faults:?}");
            }
        }
    }
}
