mod sessions;
mod tokens;
mod users;

use edge::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Coming in, going out, and who may. The server lays `Extension(Identity)` over it.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sessions::sign_in, sessions::who_am_i, sessions::sign_out))
        .routes(routes!(sessions::follow_link))
        .routes(routes!(sessions::change_password))
        .routes(routes!(sessions::request_code))
        .routes(routes!(sessions::confirm_code))
        .routes(routes!(users::list_users, users::create_user))
        .routes(routes!(users::get_user))
        .routes(routes!(users::set_roles))
        .routes(routes!(users::deactivate_user))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::revoke_token))
}
