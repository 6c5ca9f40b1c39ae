//! Who customers are, and what may be asked of the record. Pure.

use edge::{Problem, Revised, parse};
use kernel::{AddressId, CustomerId, Instant, Lang};
use serde::{Deserialize, Serialize};
use store::codes;
use utoipa::ToSchema;

use crate::{CustomerRefusal, Phone, TaxId};

/// More addresses than a family with an office and a summer house has; a limit, so that lists stay lists.
pub(crate) const ADDRESSES_MAX: usize = 20;

codes! {
    CustomerKind {
        Person = "person",
        Business = "business",
    }

    #[schema(as = CustomerStanding)]
    Standing {
        /// Orders once, without an account.
        Guest = "guest",
        /// Signs in with the phone number.
        Registered = "registered",
    }

    /// Whether a one-time code has come back from the phone.
    #[schema(as = PhoneConfirmation)]
    Confirmation {
        Unconfirmed = "unconfirmed",
        Confirmed = "confirmed",
    }

    Lift {
        Yes = "yes",
        No = "no",
        Unknown = "unknown",
    }

    /// What a customer may agree to. Notices about their own order need no consent.
    #[schema(as = ConsentPurpose)]
    Purpose {
        Marketing = "marketing",
        Surveys = "surveys",
        /// Suggestions from what they have bought.
        Profiling = "profiling",
    }

    Choice {
        Given = "given",
        Withdrawn = "withdrawn",
    }

    /// Why a member of staff reads the whole record.
    ReadPurpose {
        OrderService = "order_service",
        Delivery = "delivery",
        Complaint = "complaint",
        /// To warn of a recalled lot.
        Recall = "recall",
        Accounting = "accounting",
        /// The customer, or an authority, has asked what we hold.
        LegalRequest = "legal_request",
    }
}

/// A customer as we know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Customer {
    pub id: CustomerId,
    pub kind: CustomerKind,
    pub standing: Standing,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<TaxId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    pub phone_state: Confirmation,
    /// Languages they read, the preferred one first.
    pub langs: Vec<Lang>,
    /// Which prices are theirs; none for the public list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allergies: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Blocked>,
    pub registered_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Instant>,
    pub revision: i64,
}

/// Since when and why a customer's orders are not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Blocked {
    pub since: Instant,
    pub because: String,
}

/// A customer as staff see them who need no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MaskedCustomer {
    pub id: CustomerId,
    pub kind: CustomerKind,
    pub standing: Standing,
    /// The first letter.
    pub name: String,
    /// `09••••••78`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    pub phone_state: Confirmation,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_since: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Instant>,
    pub registered_at: Instant,
}

/// A customer to be registered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCustomer {
    pub kind: CustomerKind,
    pub standing: Standing,
    #[schema(min_length = 1, max_length = 80)]
    pub name: String,
    #[serde(default)]
    pub tax_id: Option<TaxId>,
    #[serde(default)]
    pub phone: Option<Phone>,
    /// The preferred one first; Traditional Chinese if empty.
    #[serde(default)]
    #[schema(max_items = 3)]
    pub langs: Vec<Lang>,
    #[serde(default)]
    #[schema(max_length = 20, pattern = "^[A-Za-z0-9._-]+$")]
    pub price_group: Option<String>,
    #[serde(default)]
    #[schema(max_length = 300)]
    pub allergies: Option<String>,
}

/// An address as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Address {
    pub id: AddressId,
    pub customer: CustomerId,
    #[serde(flatten)]
    pub place: Addressing,
}

/// Where and to whom goods are brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Addressing {
    #[schema(min_length = 1, max_length = 80)]
    pub recipient: String,
    /// Whom the courier calls; the customer's own number if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    #[schema(min_length = 3, max_length = 200)]
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20)]
    pub floor: Option<String>,
    pub lift: Lift,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub gate_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    pub note: Option<String>,
    /// Millionths of a degree; both or neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = -90_000_000, maximum = 90_000_000)]
    pub latitude_microdegrees: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = -180_000_000, maximum = 180_000_000)]
    pub longitude_microdegrees: Option<i64>,
}

/// One decision about one purpose, with its date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Consent {
    pub purpose: Purpose,
    pub choice: Choice,
    pub at: Instant,
}

/// All that this crate holds about a customer, for the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Export {
    pub customer: Customer,
    pub addresses: Vec<Address>,
    pub consents: Vec<Consent>,
}

impl Revised for Customer {
    fn revision(&self) -> i64 {
        self.revision
    }
}

impl Customer {
    /// The language in which they are written to.
    pub fn lang(&self) -> Lang {
        self.langs.first().copied().unwrap_or_default()
    }

    pub fn masked(&self) -> MaskedCustomer {
        MaskedCustomer {
            id: self.id,
            kind: self.kind,
            standing: self.standing,
            name: masked_name(&self.name),
            phone: self.phone.as_ref().map(Phone::masked),
            phone_state: self.phone_state,
            blocked_since: self.blocked.as_ref().map(|blocked| blocked.since),
            erased_at: self.erased_at,
            registered_at: self.registered_at,
        }
    }
}

/// 王小明 is `王••`. At most three marks, so that the length tells little.
fn masked_name(name: &str) -> String {
    let mut letters = name.chars();
    let Some(first) = letters.next() else { return String::new() };
    let rest = letters.count().min(3);
    std::iter::once(first).chain(std::iter::repeat_n('•', rest)).collect()
}

impl NewCustomer {
    /// Checks the bounds of what came from outside.
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.name = parse::text("name", &self.name, 1, 80)?;
        parse::count("langs", &self.langs, 0, 3)?;
        self.price_group = match self.price_group.as_deref() {
            Some(group) => Some(parse::code("price_group", group, 20)?),
            None => None,
        };
        self.allergies = optional("allergies", self.allergies.as_deref(), 300)?;
        Ok(self)
    }

    pub(crate) fn check(&self) -> Result<(), CustomerRefusal> {
        if self.tax_id.is_some() && self.kind == CustomerKind::Person {
            return Err(CustomerRefusal::TaxIdOfPerson);
        }
        if self.phone.is_none() && self.standing == Standing::Registered {
            return Err(CustomerRefusal::PhoneMissing);
        }
        Ok(())
    }
}

impl Addressing {
    /// Checks the bounds of what came from outside.
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.recipient = parse::text("recipient", &self.recipient, 1, 80)?;
        self.text = parse::text("text", &self.text, 3, 200)?;
        self.floor = optional("floor", self.floor.as_deref(), 20)?;
        self.gate_code = optional("gate_code", self.gate_code.as_deref(), 40)?;
        self.note = optional("note", self.note.as_deref(), 300)?;
        match (self.latitude_microdegrees, self.longitude_microdegrees) {
            (Some(latitude), Some(longitude)) => {
                parse::within("latitude_microdegrees", latitude, -90_000_000, 90_000_000)?;
                parse::within("longitude_microdegrees", longitude, -180_000_000, 180_000_000)?;
            }
            (None, None) => {}
            (Some(_), None) => return Err(Problem::invalid("longitude_microdegrees", "belongs to a latitude")),
            (None, Some(_)) => return Err(Problem::invalid("latitude_microdegrees", "belongs to a longitude")),
        }
        Ok(self)
    }
}

fn optional(field: &str, value: Option<&str>, max: usize) -> Result<Option<String>, Problem> {
    match value.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => parse::text(field, text, 1, max).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::masked_name;

    #[test]
    fn a_masked_name_keeps_one_letter() {
        assert_eq!(masked_name("王小明"), "王••");
        assert_eq!(masked_name("Bartholomew"), "B•••");
        assert_eq!(masked_name(""), "");
    }
}
