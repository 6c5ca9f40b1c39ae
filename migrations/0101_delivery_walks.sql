-- What is asked per order, customer, courier and van is found without a walk through all years.
CREATE INDEX complaint_order ON complaint (customer_order);
CREATE INDEX feedback_request_customer ON feedback_request (customer, asked_at);
CREATE INDEX feedback_request_courier ON feedback_request (courier, asked_at);
CREATE INDEX rating_suggests ON rating (at, id) WHERE suggestion <> '';
CREATE INDEX shift_courier ON shift (courier, ends_at);
CREATE INDEX shift_vehicle ON shift (vehicle, ends_at);
CREATE INDEX stop_customer ON stop (customer);
