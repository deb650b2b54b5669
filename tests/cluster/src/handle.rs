//! One request in, one answer out.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;

use crate::access::User;
use crate::body::{self, Body};
use crate::call::{Call, Kind};
use crate::faults::Action;
use crate::resource::Resource;
use crate::status::{Failure, details};
use crate::wire::{Control, Fate};
use crate::world::{self, World};
use crate::{delete, discovery, list, log_api, metrics, node_logs, review, table, watch, write};

const FLOW_SCHEMA: HeaderName = HeaderName::from_static("x-kubernetes-pf-flowschema-uid");
const PRIORITY_LEVEL: HeaderName = HeaderName::from_static("x-kubernetes-pf-prioritylevel-uid");

/// A successful answer.
#[derive(Debug)]
pub(crate) enum Answer {
    Json(StatusCode, Value),
    /// A stream of JSON lines.
    Events(Body),
    /// Plain text.
    Text(Body),
    /// What a kubelet answered, handed through.
    Proxied(Response<Body>),
    /// No content.
    Nothing,
}

pub(crate) type Outcome = Result<Answer, Failure>;

pub(crate) async fn answer(
    world: &Arc<World>,
    control: &Arc<Control>,
    certificate: Option<&[u8]>,
    request: Request<Incoming>,
) -> Response<Body> {
    let (parts, incoming) = request.into_parts();
    let mut call = Call::new(parts.method, &parts.uri, &parts.headers);
    let user = user(world, certificate, &parts.headers);
    if let Ok(user) = &user {
        call.user.clone_from(&user.name);
    }
    call.nth = world.counters.request(&call);
    let fault = world.faults.decide(&call);
    match &fault {
        Some(action @ Action::Answer { code, retry_after }) => {
            world.faults.count(action);
            let _ = incoming.collect().await;
            return render(&call, Err(Failure::injected(*code, *retry_after)), true);
        }
        Some(action @ Action::Refuse { code, message }) => {
            world.faults.count(action);
            let _ = incoming.collect().await;
            return render(&call, Err(Failure::of_another(*code, message)), true);
        }
        Some(action @ Action::Foreign { code, media, text }) => {
            world.faults.count(action);
            let _ = incoming.collect().await;
            let mut response = Response::new(body::whole(Bytes::from(text.clone())));
            *response.status_mut() = StatusCode::from_u16(*code).unwrap_or(StatusCode::BAD_GATEWAY);
            if !media.is_empty() {
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
            }
            return response;
        }
        Some(action @ Action::GoAway) => {
            world.faults.count(action);
            control.doom(Fate::GoAway);
        }
        Some(action @ Action::Delay(duration)) => {
            world.faults.count(action);
            tokio::time::sleep(*duration).await;
        }
        _ => {}
    }
    let known = user.is_ok();
    let outcome = match user {
        Ok(user) => route(world, &user, &call, incoming).await,
        Err(failure) => Err(failure),
    };
    let mut response = render(&call, outcome, known);
    if let Some(action) = fault
        && response.status().is_success()
    {
        let body = std::mem::replace(response.body_mut(), body::empty());
        *response.body_mut() = body::spoil(body, action, world, control);
    }
    response
}

fn user(world: &World, certificate: Option<&[u8]>, headers: &http::HeaderMap) -> Result<User, Failure> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let user = if let Some(credentials) = text(AUTHORIZATION.as_str()) {
        let token = credentials.strip_prefix("Bearer ").ok_or_else(Failure::unauthorized)?;
        world.user_by_token(token.trim()).ok_or_else(Failure::unauthorized)?
    } else if let Some(der) = certificate {
        world.user_by_certificate(der).ok_or_else(Failure::unauthorized)?
    } else {
        User::anonymous()
    };
    let Some(other) = text("impersonate-user") else { return Ok(user) };
    Ok(world
        .user_by_name(other)
        .unwrap_or_else(|| User { name: other.to_owned(), access: crate::access::Access::none() }))
}

async fn route(world: &Arc<World>, user: &User, call: &Call, incoming: Incoming) -> Outcome {
    if let Some(answer) = metrics::metrics(world, call) {
        return answer;
    }
    let Some(resource) = call.resource else {
        return if call.method == Method::POST {
            let body = read(incoming).await?;
            review::review(user, call, body)
        } else {
            discovery::discover(call)
        };
    };
    world.counters.ask(&user.name, [call.verb(), resource.group, &call.resource_name()]);
    authorize(user, call, resource)?;
    match (call.kind, call.subresource.as_str()) {
        (Kind::Log, _) => log_api::log(world, call),
        (Kind::NodeFile, _) => node_logs::serve(world, call),
        (Kind::Watch, "") => watch::watch(world, call, resource),
        (Kind::List, "") => list::list(world, call, resource),
        (Kind::Get, "" | "status") => list::get(world, call, resource),
        (Kind::Create, "") => write::create(world, call, resource, read(incoming).await?),
        (Kind::Update, "") if resource.kind == "Lease" => write::update(world, call, resource, read(incoming).await?),
        (Kind::Patch, "") => write::patch(world, call, resource, &read(incoming).await?),
        (Kind::Delete, "") => delete::delete(world, call, resource, &read(incoming).await?),
        _ => Err(Failure::no_such_path()),
    }
}

/// Reads a JSON body; none at all is an empty object.
async fn read(incoming: Incoming) -> Result<Value, Failure> {
    let bytes = incoming.collect().await.map_err(|error| Failure::bad_request(&error.to_string()))?.to_bytes();
    if bytes.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(&bytes).map_err(|error| Failure::bad_request(&format!("error decoding body: {error}")))
}

fn authorize(user: &User, call: &Call, resource: &Resource) -> Result<(), Failure> {
    let (verb, name) = (call.verb(), call.resource_name());
    if user.access.allows(verb, &name, &call.namespace) {
        return Ok(());
    }
    let object = if call.name.is_empty() { String::new() } else { format!(" \"{}\"", call.name) };
    let place = if call.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{}\"", call.namespace)
    };
    let message = format!(
        "{}{object} is forbidden: User \"{}\" cannot {verb} resource \"{name}\" in API group \"{}\" {place}",
        resource.qualified(),
        user.name,
        resource.group,
    );
    let named = (!call.name.is_empty()).then_some(call.name.as_str());
    Err(Failure::forbidden(details(resource, named), &message))
}

fn render(call: &Call, outcome: Outcome, known: bool) -> Response<Body> {
    let mut response = Response::new(body::empty());
    // Long-running logs and proxies are not subject to priority and fairness, watches are.
    let fair = known && !matches!(call.kind, Kind::Log | Kind::NodeFile);
    let json = HeaderValue::from_static("application/json");
    let (status, kind, forbidden, retry_after) = match outcome {
        Ok(Answer::Json(status, value)) => {
            let (value, kind) = table::negotiate(call, value);
            *response.body_mut() = body::whole(text(call, &value));
            (status, Some(HeaderValue::from_static(kind)), false, None)
        }
        Ok(Answer::Events(events)) => {
            *response.body_mut() = events;
            (StatusCode::OK, Some(json), false, None)
        }
        Ok(Answer::Text(text)) => {
            *response.body_mut() = text;
            (StatusCode::OK, Some(HeaderValue::from_static("text/plain")), false, None)
        }
        Ok(Answer::Proxied(proxied)) => {
            let status = proxied.status();
            response = proxied;
            (status, None, false, None)
        }
        Ok(Answer::Nothing) => (StatusCode::NO_CONTENT, None, false, None),
        Err(failure) => {
            *response.body_mut() = body::whole(text(call, &failure.body));
            (failure.code, Some(json), failure.forbidden, failure.retry_after)
        }
    };
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&world::uid()) {
        headers.insert("audit-id", id);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    if let Some(kind) = kind {
        headers.insert(CONTENT_TYPE, kind);
    }
    if forbidden {
        headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    }
    if fair {
        headers.insert(FLOW_SCHEMA, HeaderValue::from_static("1ca05353-d22c-4eb0-9f7b-ab5d16bff89d"));
        headers.insert(PRIORITY_LEVEL, HeaderValue::from_static("5e952852-c1a9-4326-97c0-7ee45390ed58"));
    }
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Browsers and curl get readable JSON, programs get it on one line.
fn text(call: &Call, value: &Value) -> Bytes {
    let pretty = match call.parameter("pretty") {
        Some(_) => call.flag("pretty"),
        None => ["curl", "Wget", "Mozilla/5.0"].iter().any(|agent| call.agent.starts_with(agent)),
    };
    let text = if pretty { serde_json::to_vec_pretty(value) } else { serde_json::to_vec(value) };
    let mut text = text.unwrap_or_default();
    if !pretty {
        text.push(b'\n');
    }
    Bytes::from(text)
}
