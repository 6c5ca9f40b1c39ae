//! Why a customer's matter is refused.

use axum::http::StatusCode;
use edge::Problem;
use kernel::{AddressId, CustomerId};
use store::StoreError;

use crate::rules::ADDRESSES_MAX;

#[derive(Debug, thiserror::Error)]
pub enum CustomerRefusal {
    #[error("customer {customer} is not known")]
    UnknownCustomer { customer: CustomerId },
    #[error("address {address} is not known")]
    UnknownAddress { address: AddressId },
    #[error("a registered customer already has this phone number")]
    PhoneTaken,
    #[error("a registered customer needs a phone number")]
    PhoneMissing,
    #[error("a tax id belongs to a business")]
    TaxIdOfPerson,
    #[error("customer {customer} has asked to be forgotten")]
    Erased { customer: CustomerId },
    #[error("customer {customer} is blocked")]
    Blocked { customer: CustomerId },
    #[error("customer {customer} is already blocked")]
    AlreadyBlocked { customer: CustomerId },
    #[error("customer {customer} is not blocked")]
    NotBlocked { customer: CustomerId },
    #[error("a customer has at most {ADDRESSES_MAX} addresses")]
    TooManyAddresses,
    #[error("somebody changed customer {customer} meanwhile")]
    ChangedMeanwhile { customer: CustomerId },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CustomerRefusal> for Problem {
    fn from(refusal: CustomerRefusal) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code);
        let unfit = |code| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code);
        match refusal {
            CustomerRefusal::UnknownCustomer { .. } | CustomerRefusal::UnknownAddress { .. } => Self::not_found(),
            CustomerRefusal::PhoneTaken => conflict("customers/phone-taken").field("phone"),
            CustomerRefusal::PhoneMissing => unfit("customers/phone-missing").field("phone"),
            CustomerRefusal::TaxIdOfPerson => unfit("customers/tax-id-of-person").field("tax_id"),
            CustomerRefusal::Erased { customer } => conflict("customers/erased").with("customer", customer),
            CustomerRefusal::Blocked { customer } => conflict("customers/blocked").with("customer", customer),
            CustomerRefusal::AlreadyBlocked { customer } => {
                conflict("customers/already-blocked").with("customer", customer)
            }
            CustomerRefusal::NotBlocked { customer } => conflict("customers/not-blocked").with("customer", customer),
            CustomerRefusal::TooManyAddresses => conflict("customers/too-many-addresses").with("max", ADDRESSES_MAX),
            CustomerRefusal::ChangedMeanwhile { .. } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "request/changed-meanwhile")
            }
            CustomerRefusal::Store(error) => Self::from(error),
        }
    }
}
