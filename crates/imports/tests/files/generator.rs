//! Files as large as a shop that moves in sends them: some rows spoiled, each in a way of its own, in CSV and in XLSX.

use rust_xlsxwriter::{Format, Workbook};

/// A table to be sent: a heading and rows of text.
#[derive(Clone)]
pub(crate) struct Sheet {
    heading: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// The cells of a row.
fn row_of<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// A row that was spoiled, as the refusal will name it.
pub(crate) type Spoiled = String;

impl Sheet {
    pub(crate) fn csv(&self) -> Vec<u8> {
        let mut text = format!("\u{feff}{}\r\n", self.heading.join(","));
        for row in &self.rows {
            text += &row.join(",");
            text += "\r\n";
        }
        text.into_bytes()
    }

    /// Every cell as text, the way the template prepares them.
    pub(crate) fn xlsx(&self) -> Vec<u8> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let text = Format::new().set_num_format("@");
        for (at, heading) in (0_u16..).zip(&self.heading) {
            sheet.write_string(0, at, *heading).unwrap();
        }
        for (line, row) in (1_u32..).zip(&self.rows) {
            for (at, cell) in (0_u16..).zip(row) {
                if !cell.is_empty() {
                    sheet.write_string_with_format(line, at, cell, &text).unwrap();
                }
            }
        }
        book.save_to_buffer().unwrap()
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Spoils `count` rows, spread over the whole file, by the ways given in turn: column, what is written there, and
    /// the reason that must be told.
    pub(crate) fn spoil(&mut self, count: usize, ways: &[(&str, &str, &str)]) -> Vec<Spoiled> {
        let step = self.rows.len() / count;
        let mut spoiled = Vec::new();
        for (nth, (column, written, reason)) in ways.iter().cycle().take(count).enumerate() {
            // Odd, so never the first of the four rows of an order, by which the others are judged.
            let at = (nth * step + step / 2) | 1;
            let place = self.heading.iter().position(|heading| heading == column).expect("a column of the file");
            (*written).clone_into(&mut self.rows[at][place]);
            // The heading is row 1.
            spoiled.push(format!("rows/{}/{column} {reason}", at + 2));
        }
        spoiled
    }
}

pub(crate) fn products(rows: usize) -> Sheet {
    let heading = vec![
        "code",
        "name_en",
        "name_zh_hant",
        "name_zh_hans",
        "category",
        "measure",
        "temperature",
        "shelf_life_days",
        "life_at_door_days",
        "tax_tw",
        "tax_cn",
        "case_amount",
        "nominal_weight",
        "price",
        "price_per",
        "price_site",
    ];
    let row = |nth: usize| {
        let (measure, case, nominal, per) = match nth % 3 {
            0 => ("秤重", "6 公斤", "", "台斤"),
            1 => ("counted", "12", "", "件"),
            _ => ("catch_weight", "10", "1 台斤", "taiwan_jin"),
        };
        row_of([
            &format!("{nth:05}"),
            &format!("Product {nth}"),
            &format!("商品{nth}"),
            &format!("商品{nth}"),
            "fresh",
            measure,
            "冷藏",
            "30",
            "2",
            "免稅",
            "vat_9",
            case,
            nominal,
            &format!("{}", 40 + nth % 50),
            per,
            "TPE1",
        ])
    };
    Sheet { heading, rows: (0..rows).map(row).collect() }
}

pub(crate) const PRODUCT_FAULTS: &[(&str, &str, &str)] = &[
    ("measure", "by the bucket", "imports/not-one-of"),
    ("code", "", "imports/missing"),
    ("shelf_life_days", "ten", "imports/not-a-number"),
    ("case_amount", "", "imports/missing"),
    ("price", "60.5", "imports/not-whole"),
    ("price_site", "XYZ", "imports/unknown-site"),
    ("life_at_door_days", "30", "imports/life-too-long"),
];

pub(crate) fn customers(rows: usize) -> Sheet {
    let heading = vec!["reference", "kind", "name", "phone", "address", "lift", "latitude", "longitude"];
    let row = |nth: usize| {
        row_of([
            &format!("C-{nth:05}"),
            "個人",
            &format!("顧客{nth}"),
            &format!("09{:08}", 10_000_000 + nth),
            &format!("臺北市內湖區瑞光路{nth}號"),
            "有",
            "25.087",
            &format!("121.57{:04}", nth % 10_000),
        ])
    };
    Sheet { heading, rows: (0..rows).map(row).collect() }
}

pub(crate) const CUSTOMER_FAULTS: &[(&str, &str, &str)] = &[
    ("phone", "call me", "imports/not-a-phone"),
    ("latitude", "north", "imports/not-a-number"),
    ("kind", "cat", "imports/not-one-of"),
    // The first customer of the file has this number: only the books can know.
    ("phone", "0910000000", "customers/phone-taken"),
    ("longitude", "", "imports/missing"),
];

/// Some weeks of sales of the products: of those that are sold by weight, in 公斤.
pub(crate) fn sales(rows: usize, products: usize) -> Sheet {
    let heading = vec!["site", "product", "day", "pieces", "weight", "revenue", "cost", "shelf", "share_percent"];
    let row = |nth: usize| {
        let product = nth % products;
        let (pieces, weight) = if product.is_multiple_of(3) { ("", "12.5 公斤") } else { ("0", "") };
        let (shelf, share) = if nth.is_multiple_of(5) { ("售罄", "62.5") } else { ("", "") };
        row_of([
            "TPE1",
            &format!("{product:05}"),
            &day_before(nth / products),
            pieces,
            weight,
            &format!("{}", nth % 900),
            "",
            shelf,
            share,
        ])
    };
    Sheet { heading, rows: (0..rows).map(row).collect() }
}

/// So many days before 27 March 2026.
fn day_before(days: usize) -> String {
    let last: kernel::Date = "2026-03-27".parse().unwrap();
    last.saturating_sub(jiff::Span::new().days(i64::try_from(days).unwrap())).to_string()
}

pub(crate) const SALES_FAULTS: &[(&str, &str, &str)] = &[
    ("day", "115/03/28", "market/day-not-over"),
    ("product", "no-such", "imports/unknown-product"),
    ("revenue", "60.5", "imports/not-whole"),
    ("shelf", "half full", "imports/not-one-of"),
    ("site", "XYZ", "imports/unknown-site"),
];

/// What two markets asked for the products that are sold by weight.
pub(crate) fn quotes(rows: usize, products: usize) -> Sheet {
    let heading = vec![
        "market",
        "product",
        "grade",
        "day",
        "currency",
        "upper",
        "middle",
        "lower",
        "price_per",
        "traded_weight",
        "source",
    ];
    let row = |nth: usize| {
        let (market, nth) = (["台北一", "三重區"][nth % 2], nth / 2);
        row_of([
            market,
            &format!("{:05}", nth % products / 3 * 3),
            ["上", "中", "下"][nth % 3],
            &day_before(nth / products),
            "新臺幣",
            "60",
            &format!("{}", 41 + nth % 19),
            "40",
            "公斤",
            "4200 公斤",
            "農產品批發市場交易行情",
        ])
    };
    Sheet { heading, rows: (0..rows).map(row).collect() }
}

pub(crate) const QUOTE_FAULTS: &[(&str, &str, &str)] = &[
    ("middle", "70", "imports/price-outside-its-thirds"),
    ("price_per", "件", "imports/price-unsuited"),
    ("day", "yesterday", "imports/not-a-date"),
    ("product", "no-such", "imports/unknown-product"),
    ("currency", "EUR", "imports/not-one-of"),
    ("source", "", "imports/missing"),
];

/// Opening stock of the products: plenty of each.
pub(crate) fn stock(rows: usize) -> Sheet {
    let heading = vec!["reference", "site", "place", "product", "pieces", "weight", "use_by", "unit_cost", "cost_per"];
    let row = |nth: usize| {
        let (pieces, weight, per) = match nth % 3 {
            0 => ("", "500 台斤", "台斤"),
            1 => ("5000", "", "件"),
            _ => ("5000", "3000 公斤", "公斤"),
        };
        row_of([
            &format!("S-{nth:05}"),
            "TPE1",
            &format!("C-{:02}", nth % 20),
            &format!("{nth:05}"),
            pieces,
            weight,
            "115/04/20",
            "25",
            per,
        ])
    };
    Sheet { heading, rows: (0..rows).map(row).collect() }
}

pub(crate) const STOCK_FAULTS: &[(&str, &str, &str)] = &[
    ("use_by", "115/02/30", "imports/not-a-date"),
    ("place", "Z-99", "imports/unknown-place"),
    ("product", "no-such", "imports/unknown-product"),
    ("unit_cost", "-1", "imports/out-of-range"),
];

/// Orders of four lines each, for customers and products of the files above.
pub(crate) fn orders(rows: usize, customers: usize, products: usize) -> Sheet {
    let heading =
        vec!["order", "customer", "site", "delivery_on", "from", "to", "product", "pieces", "weight", "payment"];
    let row = |nth: usize| {
        let order = nth / 4;
        let product = (order * 7 + nth % 4) % products;
        let (pieces, weight) = if product.is_multiple_of(3) { ("", "1.5 台斤") } else { ("2", "") };
        row_of([
            &format!("WEB-{order:05}"),
            &format!("C-{:05}", order % customers),
            "TPE1",
            "115/03/28",
            "10:00",
            "12:00",
            &format!("{product:05}"),
            pieces,
            weight,
            "sim:ok",
        ])
    };
    Sheet { heading, rows: (0..rows).map(row).collect() }
}

pub(crate) const ORDER_FAULTS: &[(&str, &str, &str)] = &[
    ("product", "no-such", "imports/unknown-product"),
    ("delivery_on", "tomorrow", "imports/not-a-date"),
    ("payment", "", "imports/missing"),
    ("from", "25:00", "imports/not-a-time"),
    ("payment", "sim:other", "imports/order-disagrees"),
];

pub(crate) fn suppliers(rows: usize) -> Sheet {
    let heading = vec![
        "code",
        "name",
        "currency",
        "lead_time_days",
        "contact",
        "phone",
        "address",
        "licence_number",
        "licence_from",
        "licence_until",
    ];
    let row = |nth: usize| {
        row_of([
            &format!("F-{nth:05}"),
            &format!("合作社{nth}"),
            "新臺幣",
            "1",
            "林小姐",
            "05-5971234",
            "雲林縣西螺鎮",
            &format!("L{nth:07}"),
            "113/01/01",
            "117/12/31",
        ])
    };
    Sheet { heading, rows: (0..rows).map(row).collect() }
}
