//! What each operation needs, in the OpenAPI document: made from the table of routes.

use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};

use super::super::ROOT;
use super::table::ROUTES;

/// The name of the way to show who one is.
const BEARER: &str = "bearer";

/// Adds what each operation needs. One requirement a scope, since any of them is enough.
pub(crate) fn secure(document: &mut OpenApi) {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
        "A token of `causeway token create`, the one in management.token, or one of the configured \
         identity provider. The requirements of an operation are alternatives.",
    ));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer.build()));
    for route in ROUTES {
        let Some(item) = document.paths.paths.get_mut(&format!("{ROOT}{}", route.path)) else {
            continue;
        };
        let operation = match route.method {
            "GET" => item.get.as_mut(),
            "POST" => item.post.as_mut(),
            "PUT" => item.put.as_mut(),
            "DELETE" => item.delete.as_mut(),
            "HEAD" => item.head.as_mut(),
            _ => None,
        };
        let Some(operation) = operation else { continue };
        let mut required: Vec<SecurityRequirement> = route
            .needs()
            .map(|scope| SecurityRequirement::new(BEARER, [scope.to_string()]))
            .collect();
        if required.is_empty() {
            required.push(SecurityRequirement::new(BEARER, Vec::<String>::new()));
        }
        operation.security = Some(required);
    }
}
