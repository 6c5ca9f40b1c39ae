//! Customers on the wire. A customer sees only itself; staff see masked records, and whole ones for a purpose.

use ::store::Tx;
use axum::extract::State;
use edge::{
    ApiJson, ApiPath, ApiQuery, App, By, Caller, Created, IdempotencyKey, Page, Paging, Problem, Tagged, duty, parse,
};
use kernel::{Actor, AddressId, CustomerId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Address, Addressing, Choice, Consent, Customer, Export, MaskedCustomer, NewCustomer, Phone, Purpose, ReadPurpose,
    store, verbs,
};

/// Why the whole record is read.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    #[param(inline)]
    pub purpose: ReadPurpose,
}

/// Why a customer is blocked.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Blocking {
    #[schema(min_length = 3, max_length = 200)]
    pub because: String,
}

/// A decision about a purpose.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConsentDecision)]
pub struct Decision {
    pub purpose: Purpose,
    pub choice: Choice,
}

/// The number by which a customer is looked for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneLookup {
    pub phone: Phone,
}

/// The address that now exists.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewAddress {
    pub address: AddressId,
    pub customer: CustomerId,
}

/// Register a customer.
#[utoipa::path(post, path = "/customers", tag = "0 customers", operation_id = "register_customer",
    request_body = NewCustomer, params(IdempotencyKey),
    responses((status = 201, body = MaskedCustomer), (status = "4XX", body = Problem)))]
async fn register(
    State(app): State<App>,
    by: By<duty::ManageCustomers>,
    key: IdempotencyKey,
    ApiJson(new): ApiJson<NewCustomer>,
) -> Result<Created<MaskedCustomer>, Problem> {
    let new = new.parse()?;
    // Masked, because answers are kept for replays, and what is kept must not outlive an erasure.
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        verbs::register(tx, stamp, &new).await.map(|customer| customer.masked())
    })
    .await
    .map(Created)
}

/// List customers, masked.
#[utoipa::path(get, path = "/customers", tag = "0 customers", operation_id = "list_customers", params(Paging),
    responses((status = 200, body = Page<MaskedCustomer>), (status = "4XX", body = Problem)))]
async fn list(
    State(app): State<App>,
    _by: By<duty::ManageCustomers>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<ApiJson<Page<MaskedCustomer>>, Problem> {
    let (after, rows) = (paging.key::<CustomerId>()?, paging.rows()?);
    let found = app.read(async move |tx: &mut Tx| store::list(tx, after, rows).await).await?;
    let masked = found.iter().map(Customer::masked).collect();
    paging.page(masked, |customer: &MaskedCustomer| customer.id).map(ApiJson)
}

/// Look a customer up by phone number; the answer is masked.
#[utoipa::path(post, path = "/customers/lookup", tag = "0 customers", operation_id = "find_customer_by_phone",
    request_body = PhoneLookup, responses((status = 200, body = MaskedCustomer), (status = "4XX", body = Problem)))]
async fn lookup(
    State(app): State<App>,
    _by: By<duty::ManageCustomers>,
    ApiJson(asked): ApiJson<PhoneLookup>,
) -> Result<ApiJson<MaskedCustomer>, Problem> {
    // The number travels in the body: addresses end up in logs.
    let found = app.read(async move |tx: &mut Tx| store::find_by_phone(tx, &asked.phone).await).await?;
    found.map(|customer| ApiJson(customer.masked())).ok_or_else(Problem::not_found)
}

/// Read a customer's whole record for a purpose. The reading is recorded.
#[utoipa::path(get, path = "/customers/{customer}", tag = "0 customers", operation_id = "read_customer",
    params(("customer" = CustomerId, Path), Reading),
    responses((status = 200, body = Export), (status = "4XX", body = Problem)))]
async fn read_whole(
    State(app): State<App>,
    by: By<duty::ReadPersonalData>,
    ApiPath(customer): ApiPath<CustomerId>,
    ApiQuery(reading): ApiQuery<Reading>,
) -> Result<ApiJson<Export>, Problem> {
    let read = async move |tx: &mut Tx, stamp: &Stamp| verbs::read_whole(tx, stamp, customer, reading.purpose).await;
    app.write(&by, read).await.map(ApiJson)
}

/// Put a customer on the block list.
#[utoipa::path(post, path = "/customers/{customer}/block", tag = "0 customers", operation_id = "block_customer",
    request_body = Blocking, params(("customer" = CustomerId, Path), IdempotencyKey),
    responses((status = 201, body = MaskedCustomer), (status = "4XX", body = Problem)))]
async fn block(
    State(app): State<App>,
    by: By<duty::ManageCustomers>,
    key: IdempotencyKey,
    ApiPath(customer): ApiPath<CustomerId>,
    ApiJson(blocking): ApiJson<Blocking>,
) -> Result<Created<MaskedCustomer>, Problem> {
    let because = parse::text("because", &blocking.because, 3, 200)?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        verbs::block(tx, stamp, customer, &because).await.map(|customer| customer.masked())
    })
    .await
    .map(Created)
}

/// Take a customer off the block list.
#[utoipa::path(post, path = "/customers/{customer}/unblock", tag = "0 customers", operation_id = "unblock_customer",
    params(("customer" = CustomerId, Path), IdempotencyKey),
    responses((status = 201, body = MaskedCustomer), (status = "4XX", body = Problem)))]
async fn unblock(
    State(app): State<App>,
    by: By<duty::ManageCustomers>,
    key: IdempotencyKey,
    ApiPath(customer): ApiPath<CustomerId>,
) -> Result<Created<MaskedCustomer>, Problem> {
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        verbs::unblock(tx, stamp, customer).await.map(|customer| customer.masked())
    })
    .await
    .map(Created)
}

/// Add an address for a customer.
#[utoipa::path(post, path = "/customers/{customer}/addresses", tag = "0 customers",
    operation_id = "add_customer_address", request_body = Addressing,
    params(("customer" = CustomerId, Path), IdempotencyKey),
    responses((status = 201, body = NewAddress), (status = "4XX", body = Problem)))]
async fn add_address(
    State(app): State<App>,
    by: By<duty::ManageCustomers>,
    key: IdempotencyKey,
    ApiPath(customer): ApiPath<CustomerId>,
    ApiJson(place): ApiJson<Addressing>,
) -> Result<Created<NewAddress>, Problem> {
    let place = place.parse()?;
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let added = verbs::add_address(tx, stamp, customer, &place).await;
        added.map(|address| NewAddress { address: address.id, customer })
    })
    .await
    .map(Created)
}

/// Read one's own record.
#[utoipa::path(get, path = "/customers/me", tag = "0 customers", operation_id = "read_own_record",
    responses((status = 200, body = Customer), (status = "4XX", body = Problem)))]
async fn me(State(app): State<App>, by: By<duty::PlaceOrders>) -> Result<Tagged<Customer>, Problem> {
    let customer = oneself(&by)?;
    let found = app.read(async move |tx: &mut Tx| store::customer(tx, customer).await).await?;
    found.map(Tagged).ok_or_else(Problem::not_found)
}

/// List one's own addresses.
#[utoipa::path(get, path = "/customers/me/addresses", tag = "0 customers", operation_id = "list_own_addresses",
    responses((status = 200, body = Vec<Address>), (status = "4XX", body = Problem)))]
async fn my_addresses(State(app): State<App>, by: By<duty::PlaceOrders>) -> Result<ApiJson<Vec<Address>>, Problem> {
    let customer = oneself(&by)?;
    app.read(async move |tx: &mut Tx| store::addresses(tx, customer).await).await.map(ApiJson)
}

/// Add an address of one's own.
#[utoipa::path(post, path = "/customers/me/addresses", tag = "0 customers", operation_id = "add_own_address",
    request_body = Addressing, params(IdempotencyKey),
    responses((status = 201, body = NewAddress), (status = "4XX", body = Problem)))]
async fn add_my_address(
    State(app): State<App>,
    by: By<duty::PlaceOrders>,
    key: IdempotencyKey,
    ApiJson(place): ApiJson<Addressing>,
) -> Result<Created<NewAddress>, Problem> {
    let (customer, place) = (oneself(&by)?, place.parse()?);
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        let added = verbs::add_address(tx, stamp, customer, &place).await;
        added.map(|address| NewAddress { address: address.id, customer })
    })
    .await
    .map(Created)
}

/// Agree to a purpose, or withdraw.
#[utoipa::path(post, path = "/customers/me/consents", tag = "0 customers", operation_id = "decide_consent",
    request_body = Decision, params(IdempotencyKey),
    responses((status = 201, body = Consent), (status = "4XX", body = Problem)))]
async fn consent(
    State(app): State<App>,
    by: By<duty::PlaceOrders>,
    key: IdempotencyKey,
    ApiJson(decision): ApiJson<Decision>,
) -> Result<Created<Consent>, Problem> {
    let (customer, Decision { purpose, choice }) = (oneself(&by)?, decision);
    app.once(&by, key, async move |tx: &mut Tx, stamp: &Stamp| {
        verbs::record_consent(tx, stamp, customer, purpose, choice).await
    })
    .await
    .map(Created)
}

/// Take away a copy of one's own data.
#[utoipa::path(get, path = "/customers/me/export", tag = "0 customers", operation_id = "export_own_data",
    responses((status = 200, body = Export), (status = "4XX", body = Problem)))]
async fn export(State(app): State<App>, by: By<duty::PlaceOrders>) -> Result<ApiJson<Export>, Problem> {
    let customer = oneself(&by)?;
    app.write(&by, async move |tx: &mut Tx, stamp: &Stamp| verbs::export(tx, stamp, customer).await).await.map(ApiJson)
}

fn oneself(caller: &Caller) -> Result<CustomerId, Problem> {
    match caller.actor {
        Actor::Customer(customer) => Ok(customer),
        Actor::Staff(_)
        | Actor::Courier(_)
        | Actor::Supplier(_)
        | Actor::Device(_)
        | Actor::System
        | Actor::Anonymous => Err(Problem::not_found()),
    }
}

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register, list))
        .routes(routes!(lookup))
        .routes(routes!(me))
        .routes(routes!(my_addresses, add_my_address))
        .routes(routes!(consent))
        .routes(routes!(export))
        .routes(routes!(read_whole))
        .routes(routes!(block))
        .routes(routes!(unblock))
        .routes(routes!(add_address))
}
