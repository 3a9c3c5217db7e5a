//! Which model a name is, as project and environment have it.

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::server::nobody;
use super::{KEY, models, resolved};
use crate::model::{Environment, Models};

/// The demo's models; the local server is wherever it is said to be.
fn demo(local: &str) -> Value {
    json!({"default_model": "auto", "models": {
        "openai": {"provider": "openai", "model": "gpt-4o-mini", "api_key_env": "OPENAI_API_KEY",
            "price": {"input": 0.15, "output": 0.6}},
        "anthropic": {"provider": "anthropic", "model": "claude-haiku-4-5", "api_key_env": "ANTHROPIC_API_KEY"},
        "local": {"provider": "openai", "model": "qwen3", "base_url": local},
    }})
}

#[tokio::test]
async fn auto_is_the_first_model_that_is_there() {
    let nobody = nobody().await;
    for (environment, found) in [
        (&[("OPENAI_API_KEY", "sk-1")] as &[_], &["openai"] as &[&str]),
        (&[("ANTHROPIC_API_KEY", "sk-2")], &["anthropic"]),
        (&[("OPENAI_API_KEY", "sk-1"), ("ANTHROPIC_API_KEY", "sk-2")], &["openai"]),
        (&[("OPENAI_API_KEY", " "), ("ANTHROPIC_API_KEY", "sk-2")], &["anthropic"]),
        (&[("OPENAI_BASE_URL", "http://proxy/v1")], &["openai"]),
        (&[("OPENAI_MODEL", "gpt-5")], &[]),
        (&[], &[]),
    ] {
        let models = models(&demo(&nobody), environment);
        assert_eq!(resolved(&models, &[]).await.unwrap(), found, "{environment:?}");
        assert_eq!(resolved(&models, &["auto"]).await.unwrap(), found, "{environment:?}");
    }
}

#[tokio::test]
async fn a_server_without_a_key_is_asked_once_whether_it_is_there() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v1/models"))
        .respond_with(ResponseTemplate::new(200))
        .expect(1)
        .mount(&server)
        .await;
    let models = models(&demo(&format!("{}/v1", server.uri())), &[]);
    assert_eq!(resolved(&models, &["auto"]).await.unwrap(), ["local"]);
    assert_eq!(resolved(&models, &[]).await.unwrap(), ["local"]);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_waited_for() {
    let server = super::server::raw("", std::time::Duration::from_mins(1)).await;
    let started = tokio::time::Instant::now();
    assert!(resolved(&models(&demo(&server.address), &[]), &[]).await.unwrap().is_empty());
    assert!(started.elapsed().as_millis() < 1500);
}

#[tokio::test]
async fn a_default_model_is_what_auto_means() {
    let mut project = demo("http://127.0.0.1:9/v1");
    project["default_model"] = json!("anthropic");
    let keys = [("OPENAI_API_KEY", "sk-1"), ("ANTHROPIC_API_KEY", "sk-2")];
    assert_eq!(resolved(&models(&project, &keys), &["auto"]).await.unwrap(), ["anthropic"]);
    let error = resolved(&models(&project, &keys[..1]), &[]).await.unwrap_err();
    assert_eq!(error.fault().kind, "missing-key", "it was named");
}

#[tokio::test]
async fn auto_does_not_hide_a_malformed_key() {
    let keys = [("OPENAI_API_KEY", "sk\n1"), ("ANTHROPIC_API_KEY", "sk-2")];
    let error = resolved(&models(&demo("http://127.0.0.1:9/v1"), &keys), &[]).await.unwrap_err();
    assert_eq!(error.message, "the key in OPENAI_API_KEY holds characters that no key has");
}

#[tokio::test]
async fn a_list_is_taken_in_its_order() {
    let models = models(&demo("http://127.0.0.1:9/v1"), &[("ANTHROPIC_API_KEY", "sk-2")]);
    for (names, found) in [
        (&["local", "anthropic"] as &[&str], &["local", "anthropic"] as &[&str]),
        (&["openai", "anthropic"], &["anthropic"]),
        (&["anthropic", "auto", "local"], &["anthropic", "local"]),
        (&["local"], &["local"]),
    ] {
        assert_eq!(resolved(&models, names).await.unwrap(), found, "{names:?}");
    }
    let error = resolved(&models, &["openai"]).await.unwrap_err();
    assert_eq!(error.message, "model `openai` needs a key, and OPENAI_API_KEY is not set");
    assert!(!error.retryable());
    let error = resolved(&models, &["local", "gpt"]).await.unwrap_err();
    assert_eq!(error.message, "there is no model `gpt`");
    assert_eq!(error.help.as_deref(), Some("the models are openai, anthropic, local, or auto"));
}

#[test]
fn the_environment_overrides_what_uses_the_vendors_key() {
    let project = json!({"models": {
        "own": {"provider": "openai", "model": "a", "api_key_env": "OPENAI_API_KEY", "base_url": "https://file/v1",
            "price": {"input": 1, "output": 1}},
        "bare": {"provider": "openai", "model": "a"},
        "team": {"provider": "openai", "model": "a", "api_key_env": "TEAM_KEY", "price": {"input": 1, "output": 1}},
        "local": {"provider": "openai", "model": "a", "base_url": "http://local/v1"},
        "claude": {"provider": "anthropic", "model": "c", "api_key_env": "ANTHROPIC_API_KEY"},
    }});
    let key = ("OPENAI_API_KEY", KEY);
    let team = ("TEAM_KEY", KEY);
    let claude = ("ANTHROPIC_API_KEY", KEY);
    let base = ("OPENAI_BASE_URL", "http://proxy:81/v1");
    let label = |environment: &[(&str, &str)], name: &str| {
        let endpoint = models(&project, environment).get(&name.into());
        endpoint.map_or_else(
            |error| error.kind.name().to_owned(),
            |endpoint| endpoint.label().to_owned(),
        )
    };
    for (environment, name, expected) in [
        (&[key] as &[_], "own", "model `own` (a at file)"),
        (&[key, base], "own", "model `own` (a at proxy:81)"),
        (&[base], "own", "model `own` (a at proxy:81)"),
        (&[], "own", "missing-key"),
        (&[key], "bare", "model `bare` (a at api.openai.com)"),
        (&[base], "bare", "model `bare` (a at proxy:81)"),
        (&[], "bare", "missing-key"),
        (&[team, base, ("OPENAI_MODEL", "b")], "team", "model `team` (a at api.openai.com)"),
        (&[key, base], "team", "missing-key"),
        (&[key, base, ("OPENAI_MODEL", "b")], "local", "model `local` (a at local)"),
        (&[key, ("OPENAI_MODEL", "b")], "own", "model `own` (b at file)"),
        (
            &[claude, base, ("OPENAI_MODEL", "b")],
            "claude",
            "model `claude` (c at api.anthropic.com)",
        ),
        (&[claude, ("ANTHROPIC_BASE_URL", "http://p/v1/")], "claude", "model `claude` (c at p)"),
        (&[key, ("OPENAI_BASE_URL", "localhost:80")], "own", "bad-model"),
        (&[("OPENAI_API_KEY", "a\nb")], "own", "bad-model"),
    ] {
        assert_eq!(label(environment, name), expected, "{environment:?} {name}");
    }
    let priced = |environment: &[(&str, &str)]| {
        models(&project, environment).get(&"own".into()).unwrap().is_priced()
    };
    assert!(priced(&[key, base]));
    assert!(!priced(&[key, ("OPENAI_MODEL", "b")]), "the price was that of another model");
}

#[tokio::test]
async fn a_key_stays_with_its_own_server() {
    let models = models(&demo("http://local/v1"), &[("OPENAI_API_KEY", KEY)]);
    assert!(!models.get(&"local".into()).unwrap().has_key());
    assert!(models.get(&"openai".into()).unwrap().has_key());
}

#[tokio::test]
async fn outside_a_project_the_environment_names_the_models() {
    let found = async |environment: &[(&str, &str)]| {
        let environment: Environment = environment.iter().copied().collect();
        let models = Models::from_environment(&environment, None);
        let endpoints = models.resolve(&[]).await.unwrap();
        endpoints.first().map(|endpoint| format!("{} {}", endpoint.label(), endpoint.is_priced()))
    };
    for (environment, expected) in [
        (&[] as &[_], None),
        (&[("OPENAI_API_KEY", KEY)], Some("model `openai` (gpt-4o-mini at api.openai.com) false")),
        (
            &[("OPENAI_BASE_URL", "http://h:1/v1")],
            Some("model `openai` (gpt-4o-mini at h:1) false"),
        ),
        (
            &[("OPENAI_BASE_URL", "http://h:1/v1"), ("OPENAI_MODEL", "qwen3")],
            Some("model `openai` (qwen3 at h:1) false"),
        ),
        (
            &[("ANTHROPIC_API_KEY", KEY)],
            Some("model `anthropic` (claude-haiku-4-5 at api.anthropic.com) false"),
        ),
    ] {
        assert_eq!(found(environment).await.as_deref(), expected, "{environment:?}");
    }
    let error = resolved(&models(&json!({}), &[]), &["openai"]).await.unwrap_err();
    assert!(error.help.unwrap().starts_with("set OPENAI_API_KEY"));
}

#[test]
fn the_environment_is_never_shown() {
    let environment: Environment = [("OPENAI_API_KEY", KEY)].into_iter().collect();
    assert_eq!(format!("{environment:?}"), r#"{"OPENAI_API_KEY"}"#);
    let models = Models::from_environment(&environment, None);
    assert!(!format!("{models:?}").contains(KEY));
}
