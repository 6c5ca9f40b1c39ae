//! The text format of Solomon and of Gehring and Homberger: one depot, one kind of vehicle, one window per customer.

use super::{FormatError, Rounding, decimal, euclid, not_too_long};
use crate::model::{Order, Problem, Vehicle, Window};

/// An instance with its own numbers, from which distances are measured as its convention wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    pub name: String,
    pub vehicles: usize,
    pub capacity: f64,
    /// The depot first.
    pub customers: Vec<Customer>,
}

/// One line of the customer table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Customer {
    pub at: (f64, f64),
    pub demand: f64,
    pub ready: f64,
    pub due: f64,
    pub service: f64,
}

/// Reads an instance.
pub fn read(text: &str) -> Result<Instance, FormatError> {
    not_too_long(text)?;
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let mut lines = lines.by_ref().filter(|(_, line)| !line.is_empty());
    let (_, name) = lines.next().ok_or(FormatError::Missing { section: "name" })?;
    expect(lines.next(), "VEHICLE")?;
    expect(lines.next(), "NUMBER")?;
    let (line, words) = lines.next().ok_or(FormatError::Missing { section: "VEHICLE" })?;
    let fleet: Vec<&str> = words.split_whitespace().collect();
    let [number, capacity] = fleet[..] else {
        return Err(unexpected(line, "number and capacity", words));
    };
    let vehicles = number.parse().map_err(|_| unexpected(line, "a number of vehicles", number))?;
    if !(1..=10_000).contains(&vehicles) {
        return Err(unexpected(line, "1 to 10000 vehicles", number));
    }
    let capacity = decimal(line, capacity)?;
    expect(lines.next(), "CUSTOMER")?;
    expect(lines.next(), "CUST")?;
    let mut customers = Vec::new();
    for (line, words) in lines {
        let row: Vec<&str> = words.split_whitespace().collect();
        let [number, x, y, demand, ready, due, service] = row[..] else {
            return Err(unexpected(line, "seven numbers", words));
        };
        if number.parse() != Ok(customers.len()) {
            return Err(unexpected(line, "customers numbered from 0", number));
        }
        customers.push(Customer {
            at: (decimal(line, x)?, decimal(line, y)?),
            demand: decimal(line, demand)?,
            ready: decimal(line, ready)?,
            due: decimal(line, due)?,
            service: decimal(line, service)?,
        });
    }
    if customers.is_empty() {
        return Err(FormatError::Missing { section: "CUSTOMER" });
    }
    Ok(Instance { name: name.to_owned(), vehicles, capacity, customers })
}

impl Instance {
    /// The instance in the words of the model; customer `k` becomes order `k - 1`.
    pub fn problem(&self, rounding: Rounding) -> Result<Problem, FormatError> {
        let factor = rounding.factor() as f64;
        let whole = |number: f64| (number * factor).round() as i64;
        let points: Vec<(f64, f64)> = self.customers.iter().map(|customer| customer.at).collect();
        let depot = self.customers[0];
        let orders = self.customers.iter().enumerate().skip(1).map(|(number, customer)| Order {
            windows: vec![Window::new(whole(customer.ready), whole(customer.due))],
            service_ms: whole(customer.service),
            ..Order::at(number.to_string(), number).weighing(customer.demand as i64)
        });
        let day = Window::new(whole(depot.ready), whole(depot.due));
        let fleet = (1..=self.vehicles).map(|number| {
            let mut vehicle = Vehicle::at(number.to_string(), 0, day);
            vehicle.capacity[0] = self.capacity as i64;
            vehicle
        });
        let problem = Problem {
            matrices: vec![rounding.matrix(&points)?],
            orders: orders.collect(),
            vehicles: fleet.collect(),
            balance: None,
        };
        problem.validate()?;
        Ok(problem)
    }

    /// The double-precision length of routes of customer numbers, and whether they are in time and not overloaded,
    /// without any whole numbers in between.
    pub fn measure(&self, routes: &[Vec<usize>]) -> (f64, Result<(), String>) {
        let (mut length, mut sound) = (0.0, Ok(()));
        let mut served = vec![false; self.customers.len()];
        for route in routes.iter().filter(|route| !route.is_empty()) {
            let (mut at, mut clock, mut load) = (self.customers[0], self.customers[0].ready, 0.0);
            for &number in route {
                let Some(customer) = self.customers.get(number) else {
                    return (length, Err(format!("customer {number} does not exist")));
                };
                if number == 0 || std::mem::replace(&mut served[number], true) {
                    sound = Err(format!("customer {number} is served twice"));
                }
                let arc = euclid(at.at, customer.at);
                length += arc;
                clock = (clock + arc).max(customer.ready);
                if clock > customer.due + 1e-9 {
                    sound = Err(format!("customer {number} is served at {clock}, due {}", customer.due));
                }
                clock += customer.service;
                load += customer.demand;
                at = *customer;
            }
            let arc = euclid(at.at, self.customers[0].at);
            length += arc;
            if clock + arc > self.customers[0].due + 1e-9 || load > self.capacity {
                sound = Err(format!("a route is back at {} with a load of {load}", clock + arc));
            }
        }
        if let Some(number) = served.iter().skip(1).position(|&seen| !seen) {
            sound = Err(format!("customer {} is not served", number + 1));
        }
        (length, sound)
    }
}

fn expect(line: Option<(usize, &str)>, word: &'static str) -> Result<(), FormatError> {
    let (line, found) = line.ok_or(FormatError::Missing { section: word })?;
    if found.starts_with(word) { Ok(()) } else { Err(unexpected(line, word, found)) }
}

fn unexpected(line: usize, expected: &'static str, found: &str) -> FormatError {
    FormatError::Unexpected { line, expected, found: found.chars().take(60).collect() }
}
