use super::texts::secrets;
use super::*;

#[test]
fn what_is_secret_is_starred_and_nothing_else() {
    for (text, expected) in [
        ("key: sk-proj-4f8a9b2c7d1e6f3a5b8c # mine", "key: sk-************************* # mine"),
        (
            "{postgres_env: \"postgres://u:hunter2@h/db\"}",
            "{postgres_env: \"postgres://u:*******@h/db\"}",
        ),
        ("two https://a:b@c and http://d:e@f", "two https://a:*@c and http://d:*@f"),
        ("https://example.com:8080/a@b:c", "https://example.com:8080/a@b:c"),
        ("nothing: here", "nothing: here"),
        (
            "https://h/a?api_key=sk-live-abcdef123456&n=5 http://h/?token=a1",
            "https://h/a?api_key=********************&n=5 http://h/?token=**",
        ),
        ("AKIAIOSFODNN7EXAMPLE AKIAIOSFODNN8EXAMPLE", "AKIA**************** AKIA****************"),
        ("https://h/a?api_key={{ params.key }}", "https://h/a?api_key={{ params.key }}"),
    ] {
        assert_eq!(masked(text), expected);
        assert_eq!(masked(text).len(), text.len());
    }
}

#[test]
fn a_file_is_shown_without_what_is_named_or_known_as_secret() {
    let text = "headers: {Authorization: \"Bearer abc\"}\npassword: hunter2 \ntoken_env: sk-live-1\n\
                budget: {tokens: 200}\ntoken_env: CRM_TOKEN\nx: é known\n";
    let shown = masked_file(text, &[Span::on_line(6, 6, 5)]);
    assert_eq!(
        shown,
        "headers: {Authorization: ******* *****\npassword: ******* \ntoken_env: *********\n\
         budget: {tokens: 200}\ntoken_env: CRM_TOKEN\nx: é *****\n"
    );
}

#[test]
fn secrets_are_found_in_queries_and_in_place_of_variables() {
    for (text, expected) in [
        ("mcp:\n  crm: {url: \"https://h/a?n=1&token=sk-live-abc1\"}\n", Some((2, 37))),
        ("mcp:\n  crm:\n    token_env: \"sk-live-abcdef123456\"\n", Some((3, 17))),
        ("mcp:\n  crm: {url: \"https://h/a?page=3\", token_env: CRM_2}\n", None),
        ("see: https://h/a?api_key=YOUR_KEY\n", None),
    ] {
        let tree = crate::document::tree::read(text).unwrap();
        let file = Arc::new(SourceFile { path: "engine.yaml".into(), text: text.to_owned() });
        let found = check(&tree.lower(), &tree, &file);
        let places: Vec<_> = found.iter().filter_map(|d| d.span).collect();
        let places: Vec<_> = places.iter().map(|span| (span.line, span.column)).collect();
        assert_eq!(places, expected.into_iter().collect::<Vec<_>>(), "{text}");
    }
}

#[test]
fn what_is_made_of_beginnings_of_keys_is_read_like_any_text() {
    for part in [
        "sk-",
        "-----BEGIN PRIVATE KEY-----",
        "token=a1&",
        "http://h?token=a1&",
        "://a:b@",
        "eyJ.eyJ",
    ] {
        let text = part.repeat(1_000);
        assert_eq!(masked(&text).len(), text.len());
        let document = format!("role: \"{text}\" # {text}\n");
        let tree = crate::document::tree::read(&document).unwrap();
        let file = Arc::new(SourceFile { path: "agents/a.yaml".into(), text: document });
        assert!(check(&tree.lower(), &tree, &file).len() <= MOST);
    }
}

#[test]
fn keys_are_told_from_words() {
    for text in [
        "sk-proj-4f8a9b2c7d1e6f3a5b8c",
        "use Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6",
        "id: AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----",
        "login: Basic dXNlcjpodW50ZXIy",
    ] {
        assert!(!secrets(text).is_empty(), "{text}");
    }
    for text in [
        "the risk-adjusted-return-of-the-portfolio",
        "sk-short",
        "Bearer of bad news in 2026",
        "-----BEGIN CERTIFICATE-----",
        "Basic infrastructure2026",
        "select token::text from a where token = :token and password = 'x'",
        "next_page_token=abc123456&max_tokens=20000000",
        "task-1234567890123456789012",
    ] {
        assert!(secrets(text).is_empty(), "{text}");
    }
}
