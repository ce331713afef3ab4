//! What the descriptions of endpoints have in common, said once.
//!
//! An endpoint describes what it takes and what it answers when all is well. Which errors it can
//! answer besides follows from what it is: it needs a key or not, changes something or not, names
//! something in its path or not.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, Header, Object, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Required,
    ResponseBuilder, Type,
};

use crate::limits::MAX_IDEMPOTENCY_KEY_BYTES;

/// Endpoints that take a body, and yet change nothing.
const CHANGELESS: [&str; 3] = ["/v1/evaluate", "/v1/policy/validate", "/v1/policy/replay"];

/// What an endpoint is, as far as errors follow from it.
struct Traits {
    needs_key: bool,
    takes_body: bool,
    takes_query: bool,
    names_something: bool,
    takes_warrant: bool,
    goes_on: bool,
}

/// An error that endpoints answer.
struct Error {
    status: &'static str,
    name: &'static str,
    when: &'static str,
    applies: fn(&Traits) -> bool,
}

/// Every error that endpoints answer.
const ERRORS: [Error; 15] = [
    Error::new("400", "Malformed", "The request cannot be read.", |_| true),
    Error::new("401", "Unauthorized", "The key is missing, unknown or revoked.", |of| of.needs_key),
    Error::new("403", "Forbidden", "The key, or the page that asks, may not do this.", |_| true),
    Error::new("404", "Missing", "It is not there, or not for this key.", |of| of.names_something),
    Error::new("408", "TooSlow", "The body took too long to arrive.", |of| of.takes_body),
    Error::new("409", "Conflict", "It does not fit what is so by now.", |of| {
        of.takes_body || of.goes_on
    }),
    Error::new("410", "Gone", "The warrant has expired.", |of| of.takes_warrant),
    Error::new("411", "NoLength", "The body came without Content-Length.", |_| true),
    Error::new("413", "TooLarge", "The body is too large.", |of| of.takes_body),
    Error::new("415", "MediaType", "The body is not JSON.", |of| of.takes_body),
    Error::new("421", "Misdirected", "The daemon does not have the name in Host.", |_| true),
    Error::new("422", "Invalid", "The request makes no sense; `errors` says where.", |of| {
        of.takes_body || of.takes_query
    }),
    Error::new("429", "TooMany", "It was too much at once; try again later.", |_| true),
    Error::new("500", "Fault", "The daemon is at fault itself.", |_| true),
    Error::new("503", "Unavailable", "It cannot be done now; `detail` says what was.", |_| true),
];

impl Error {
    const fn new(
        status: &'static str,
        name: &'static str,
        when: &'static str,
        applies: fn(&Traits) -> bool,
    ) -> Self {
        Self { status, name, when, applies }
    }

    fn response(&self) -> RefOr<utoipa::openapi::Response> {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let mut response = ResponseBuilder::new()
            .description(self.when)
            .content("application/problem+json", problem);
        if self.status == "429" {
            let mut seconds = Header::new(Object::with_type(Type::Integer));
            seconds.description = Some("after how many seconds".to_owned());
            response = response.header("Retry-After", seconds);
        }
        response.into()
    }
}

/// Adds to a description what its endpoints have in common.
pub(super) fn complete(document: &mut OpenApi) {
    let paths = std::mem::take(&mut document.paths.paths);
    for (path, mut item) in paths {
        // Our router marks parameters that may contain slashes; a client encodes these.
        let path = path.replace("{*", "{");
        let is_change = !CHANGELESS.contains(&&*path);
        let takes_warrant = path == "/v1/warrants/redeem";
        let names_something = path.contains('{') || path == "/v1/log/proof" || takes_warrant;
        for (operation, takes_body) in operations(&mut item) {
            let traits = Traits { takes_warrant, ..traits(operation, takes_body, names_something) };
            if takes_body && is_change {
                operation.parameters.get_or_insert_default().push(RefOr::T(idempotency_key()));
            }
            answers(operation, &traits);
        }
        document.paths.paths.insert(path, item);
    }
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The secret of an API key, which begins with `plc_`."));
    components.add_security_scheme("key", SecurityScheme::Http(bearer.build()));
    let errors = ERRORS.iter().map(|error| (error.name.to_owned(), error.response()));
    components.responses.extend(errors);
}

/// The operations of a path, and whether each takes a body.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let writes = [item.post.as_mut(), item.put.as_mut(), item.delete.as_mut()];
    let writes = writes.into_iter().flatten().map(|operation| (operation, true));
    item.get.as_mut().map(|operation| (operation, false)).into_iter().chain(writes)
}

fn traits(operation: &Operation, takes_body: bool, names_something: bool) -> Traits {
    let is_query = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => false,
    };
    let says_how_far = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => parameter.name == "Last-Event-ID",
        RefOr::Ref(_) => false,
    };
    Traits {
        needs_key: operation.security.is_none(),
        takes_body,
        takes_query: operation.parameters.iter().flatten().any(is_query),
        names_something,
        takes_warrant: false,
        goes_on: operation.parameters.iter().flatten().any(says_how_far),
    }
}

fn answers(operation: &mut Operation, traits: &Traits) {
    let answers = &mut operation.responses.responses;
    for (status, answer) in answers.iter_mut() {
        if let RefOr::T(answer) = answer
            && answer.description.is_empty()
        {
            answer.description =
                if status == "201" { "It was recorded." } else { "It was done." }.to_owned();
        }
    }
    for error in ERRORS.iter().filter(|error| (error.applies)(traits)) {
        let answer = RefOr::Ref(Ref::from_response_name(error.name));
        answers.insert(error.status.to_owned(), answer);
    }
}

fn idempotency_key() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(MAX_IDEMPOTENCY_KEY_BYTES))
        .pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A name for this request, such as a UUID. Sent again within 24 hours with the same \
             name and body, it gets the same answer and is done once.",
        ))
        .schema(Some(schema))
        .build()
}
