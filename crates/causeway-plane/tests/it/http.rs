//! The provider's answers as any HTTP client sees them.

use causeway_plane::FlowState;
use causeway_types::ProcessId;
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use reqwest::{Method, Response};

use crate::world::{Provider, SLICE, TOKEN, client, flow_id, now, sample};

fn token(bytes: [u8; 32]) -> String {
    format!("Bearer {}", causeway_plane::PullToken::from_random(bytes).expose())
}

async fn get(provider: &Provider, headers: &[(HeaderName, String)]) -> Response {
    let mut request = client().get(provider.url()).header(AUTHORIZATION, token(TOKEN));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send().await.unwrap()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_file_of_any_size_comes_whole_and_described() {
    for bytes in [0, 1, SLICE - 1, SLICE, SLICE + 1, 5 * 1024 * 1024] {
        let sent = sample(bytes);
        let provider = Provider::with(&sent).await;
        let response = get(&provider, &[]).await;
        assert_eq!(response.status(), 200, "{bytes}");
        assert_eq!(response.content_length(), Some(bytes));
        let received = response.bytes().await.unwrap();
        assert!(received[..] == sent[..], "{bytes} bytes");
        assert_eq!(provider.flows.served_bytes(&flow_id()), Some(bytes));
    }
}

#[tokio::test]
async fn head_says_what_get_would() {
    let provider = Provider::with(b"abc").await;
    let request = client().head(provider.url()).header(AUTHORIZATION, token(TOKEN));
    let head = request.header(RANGE, "bytes=1-1").send().await.unwrap();
    let got = get(&provider, &[]).await;
    assert_eq!((head.status(), got.status()), (got.status(), head.status()));
    let headers = got.headers();
    for name in headers.keys().filter(|name| *name != "date") {
        assert_eq!(head.headers().get(name), headers.get(name), "{name}");
    }
    assert_eq!(text(headers, "etag"), format!("\"{}\"", provider.content.blake3()));
    assert_eq!(text(headers, "accept-ranges"), "bytes");
    assert_eq!(text(headers, "content-type"), "text/csv; charset=utf-8");
    assert_eq!(text(headers, "cache-control"), "no-store");
    assert_eq!(text(headers, "content-disposition"), "attachment; filename=\"rain.csv\"");
    // `printf abc | openssl dgst -sha256 -binary | base64`
    let digest = "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:";
    assert_eq!(text(headers, "repr-digest"), digest);
    assert!(head.bytes().await.unwrap().is_empty());
}

async fn check_part(
    provider: &Provider,
    headers: &[(HeaderName, String)],
    status: u16,
    content_range: &str,
    expected: &[u8],
) {
    let response = get(provider, headers).await;
    assert_eq!(response.status(), status, "{headers:?}");
    assert_eq!(text(response.headers(), "content-range"), content_range, "{headers:?}");
    if response.status().is_success() {
        let length = text(response.headers(), CONTENT_LENGTH.as_str()).to_owned();
        assert_eq!(length, expected.len().to_string(), "{headers:?}");
        assert_eq!(response.bytes().await.unwrap(), expected, "{headers:?}");
    }
}

#[tokio::test]
async fn ranges_and_conditions_select_what_the_specification_says() {
    let all = b"0123456789";
    let provider = Provider::with(all).await;
    let tag = format!("\"{}\"", provider.content.blake3());
    let other = "\"other\"".to_owned();
    let range = |text: &str| (RANGE, text.to_owned());
    for (text, status, content_range, expected) in [
        ("bytes=0-", 206, "bytes 0-9/10", &all[..]),
        ("bytes=2-4", 206, "bytes 2-4/10", b"234"),
        ("bytes=7-99", 206, "bytes 7-9/10", b"789"),
        ("bytes=-2", 206, "bytes 8-9/10", b"89"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=-0", 416, "bytes */10", b""),
        ("bytes=0-1,3-4", 200, "", all),
        ("bytes=4-2", 200, "", all),
        ("lines=1-2", 200, "", all),
    ] {
        check_part(&provider, &[range(text)], status, content_range, expected).await;
    }
    let from_eight = range("bytes=8-");
    let if_range = |tag: &str| (IF_RANGE, tag.to_owned());
    let same = [from_eight.clone(), if_range(&tag)];
    check_part(&provider, &same, 206, "bytes 8-9/10", b"89").await;
    check_part(&provider, &[from_eight.clone(), if_range(&other)], 200, "", all).await;
    check_part(&provider, &[from_eight, if_range(&format!("W/{tag}"))], 200, "", all).await;
    check_part(&provider, &[(IF_NONE_MATCH, tag.clone())], 304, "", b"").await;
    check_part(&provider, &[(IF_NONE_MATCH, other.clone())], 200, "", all).await;
    check_part(&provider, &[(IF_MATCH, tag)], 200, "", all).await;
    check_part(&provider, &[(IF_MATCH, other)], 412, "", b"").await;
}

async fn check_refusal(
    provider: &Provider,
    method: Method,
    path: &str,
    authorization: Option<&str>,
    status: u16,
    header: (&str, &str),
) {
    let url = format!("http://{}{path}", provider.address);
    let mut request = client().request(method, url);
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), status, "{path} {authorization:?}");
    assert_eq!(text(response.headers(), header.0), header.1, "{path} {authorization:?}");
    assert_eq!(text(response.headers(), "content-type"), "application/json");
    let body = response.text().await.unwrap();
    assert!(body.starts_with("{\"code\":\"") && body.ends_with("\"}"), "{body}");
}

#[tokio::test]
async fn who_may_not_have_the_file_is_told_why() {
    let provider = Provider::with(b"secret").await;
    let mut expired = provider.spec();
    expired.id = ProcessId::parse("expired").unwrap();
    expired.token_hash = causeway_plane::PullToken::from_random([9; 32]).hash();
    expired.expires_at = now();
    provider.flows.open(expired).unwrap();
    let path = causeway_plane::flow_path(&flow_id());
    let good = token(TOKEN);
    let invalid = ("www-authenticate", "Bearer error=\"invalid_token\"");
    for authorization in [
        None,
        Some(token([8; 32])),
        Some(token([9; 32])),
        Some("Basic dTpw".to_owned()),
        Some("Bearer".to_owned()),
        Some("Bearer x".to_owned()),
    ] {
        let authorization = authorization.as_deref();
        check_refusal(&provider, Method::GET, &path, authorization, 401, invalid).await;
    }
    let (get, post) = (Method::GET, Method::POST);
    let good = Some(good.as_str());
    check_refusal(&provider, get.clone(), "/data/expired", good, 401, invalid).await;
    let late = token([9; 32]);
    check_refusal(&provider, get.clone(), "/data/expired", Some(&late), 401, invalid).await;
    check_refusal(&provider, post, &path, good, 405, ("allow", "GET, HEAD")).await;
    check_refusal(&provider, get.clone(), "/data/", good, 404, ("allow", "")).await;
    check_refusal(&provider, get.clone(), "/data/a/b", good, 404, ("allow", "")).await;

    provider.flows.set_state(&flow_id(), FlowState::Suspended);
    check_refusal(&provider, get.clone(), &path, good, 409, ("retry-after", "30")).await;
    provider.flows.close(&flow_id());
    check_refusal(&provider, get, &path, good, 401, invalid).await;
}

#[tokio::test]
async fn a_lower_case_scheme_is_a_bearer_token_too() {
    let provider = Provider::with(b"abc").await;
    let lower = token(TOKEN).replace("Bearer", "bearer");
    let request = client().get(provider.url()).header(AUTHORIZATION, lower);
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_token_without_a_scheme_opens_the_same_gate_and_a_wrong_one_does_not() {
    let provider = Provider::with(b"abc").await;
    let alone = |bytes| token(bytes).replace("Bearer ", "");
    for (bytes, status) in [(TOKEN, 200), ([8; 32], 401)] {
        let request = client().get(provider.url()).header(AUTHORIZATION, alone(bytes));
        assert_eq!(request.send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn a_file_that_is_gone_or_cut_short_is_an_error_and_not_an_empty_body() {
    let provider = Provider::with(b"abc").await;
    let path = provider.objects.path(&provider.content.blake3());
    std::fs::remove_file(&path).unwrap();
    assert_eq!(get(&provider, &[]).await.status(), 404);
    std::fs::write(&path, b"ab").unwrap();
    assert_eq!(get(&provider, &[]).await.status(), 500);
}
