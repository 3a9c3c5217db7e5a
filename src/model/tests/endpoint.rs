//! What calls cost, and how many are under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{LIMIT, endpoint, request};
use crate::event::Usage;
use crate::model::Request;

fn priced(price: &Value) -> Arc<crate::model::Endpoint> {
    endpoint(
        &json!({"provider": "openai", "model": "q", "base_url": "http://h/v1", "price": price}),
    )
}

#[test]
fn cached_tokens_have_their_own_price() {
    let usage =
        Usage { input_tokens: 1_000_000, cached_input_tokens: 400_000, output_tokens: 10_000 };
    let close = |cost: Option<f64>, dollars: f64| (cost.unwrap() - dollars).abs() < 1e-12;
    assert!(close(
        priced(&json!({"input": 0.15, "cached_input": 0.075, "output": 0.6})).cost(usage),
        0.126
    ));
    assert!(close(priced(&json!({"input": 0.15, "output": 0.6})).cost(usage), 0.156));
    assert_eq!(priced(&Value::Null).cost(usage), None, "unpriced is not free");
    assert_eq!(priced(&Value::Null).greatest_cost(&request()), None);
}

#[test]
fn the_greatest_cost_is_no_less_than_the_cost() {
    let endpoint = priced(&json!({"input": 1.0, "output": 10.0}));
    let request = Request { system: "word ".repeat(300), max_tokens: Some(100), ..request() };
    let most = endpoint.greatest_usage(&request);
    assert!(most.input_tokens >= 500 && most.output_tokens == 100, "{most:?}");
    assert_eq!(endpoint.greatest_cost(&request), endpoint.cost(most));
    let with_schema = Request { schema: Some(json!({"type": "object"})), ..request.clone() };
    assert!(endpoint.greatest_usage(&with_schema).input_tokens > most.input_tokens);
    let unbounded = Request { max_tokens: None, ..request };
    assert_eq!(endpoint.greatest_usage(&unbounded).output_tokens, 4096);
}

/// Calls an endpoint many times at once; how many were under way at most, and the whole time.
async fn crowd(rate: Value, calls: usize) -> (usize, Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    let counters = (Arc::clone(&now), Arc::clone(&most));
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (now, most) = counters.clone();
            connections.spawn(async move {
                let mut bytes = [0; 8192];
                while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    let body = r#"{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 10}}"#;
                    let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                    stream.write_all(reply.as_bytes()).await.unwrap();
                }
            });
        }
    });
    let endpoint =
        endpoint(&json!({"provider": "openai", "model": "q", "base_url": base_url, "rate": rate}));
    let started = tokio::time::Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..calls {
        let endpoint = Arc::clone(&endpoint);
        callers.spawn(async move { endpoint.call(&request(), LIMIT).await.unwrap() });
    }
    callers.join_all().await;
    (most.load(Ordering::SeqCst), started.elapsed())
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed() {
    assert_eq!(crowd(json!({"max_in_flight": 3}), 12).await.0, 3);
    assert_eq!(crowd(Value::Null, 12).await.0, 12);
}

#[tokio::test]
async fn requests_wait_for_their_minute() {
    // 600 at once, the rest at ten a second.
    let (_, time) = crowd(json!({"requests_per_minute": 600}), 603).await;
    assert!(time >= Duration::from_millis(290), "{time:?}");
}

#[tokio::test]
async fn tokens_are_counted_as_the_provider_counts_them() {
    // Estimated, each call takes thousands of tokens; counted, ten.
    let rate = json!({"tokens_per_minute": 6000, "max_in_flight": 1});
    let (_, time) = crowd(rate, 10).await;
    assert!(time < Duration::from_secs(2), "{time:?}");
}
