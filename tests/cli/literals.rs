//! Secrets written into files are refused wherever they stand, and no format repeats them.

use super::support::Test;

/// Keys and passwords by their form: the text, and the part of it that nobody may see.
const TEXTS: &[(&str, &str)] = &[
    ("sk-proj-4f8a9b2c7d1e6f3a5b8c0d1e", "4f8a9b2c7d1e6f3a5b8c0d1e"),
    ("ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "a1B2c3D4e5F6g7H8i9J0"),
    ("xoxb-123456789012-1234567890123-AbCdEfGhIjKl", "AbCdEfGhIjKl"),
    ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3", "dozjgNryP4J3"),
    ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "4eC39HqLyjWDarjtT1zdp7dc"),
    ("SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789", "qrstuvwxyz0123456789"),
    ("Basic dXNlcjpodW50ZXIy", "dXNlcjpodW50ZXIy"),
    ("https://hooks.slack.com/services/T0000/B0000/x1x2x3x4x5x6x7", "x1x2x3x4x5x6x7"),
    ("postgres://u:hunter2pass@h/db", "hunter2pass"),
    ("jdbc:mysql://h/d?user=u&password=hunter2pass", "hunter2pass"),
    ("Server=h;User Id=u;Password=hunter2pass;", "hunter2pass"),
    ("host=h user=u password=hunter2pass dbname=d", "hunter2pass"),
    ("AccountKey=abcd1234abcd1234abcd==;EndpointSuffix=x", "abcd1234abcd1234abcd"),
    (
        "-----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaC1rZXk=\\n-----END OPENSSH PRIVATE KEY-----",
        "b3BlbnNzaC1rZXk",
    ),
];

/// A password that only its place gives away.
const PASSWORD: &str = "hunter2pass";

/// Lines of a server in engine.yaml.
const SERVERS: &[&str] = &[
    "{command: [crm], env: {CRM_API_KEY: \"hunter2pass\"}}",
    "{command: [crm], env: {DB_PASSWORD: \"hunter2pass\"}}",
    "{command: [crm], env: {PRIVATE_KEY: \"hunter2pass\"}}",
    "{command: [crm], env: {STRIPE_KEY: \"hunter2pass\"}}",
    "{command: [crm], env: {GITHUB_PAT: \"hunter2pass\"}}",
    "{command: [crm], env: {clientSecret: \"hunter2pass\"}}",
    "{command: [crm], env: {TOKEN: {env: hunter2pass}}}",
    "{command: [crm, --db-password, hunter2pass]}",
    "{command: [crm, --crm-api-key=hunter2pass]}",
    "{command: [env, CRM_TOKEN=hunter2pass, crm]}",
    "{command: [sh, -c, \"CRM_TOKEN=hunter2pass crm\"]}",
    "{command: [curl, -H, \"X-Api-Key: hunter2pass\"]}",
    "{url: \"https://h.example/mcp\", token_env: hunter2pass}",
    "{url: \"https://h.example/mcp?token=hunter2pass\"}",
];

/// What a tool does.
const TOOLS: &[&str] = &[
    "http: {url: \"https://h.example/\", headers: {X-Api-Key: \"hunter2pass\"}}",
    "http: {url: \"https://h.example/\", headers: {X_AUTH: \"hunter2pass\"}}",
    "http: {url: \"https://h.example/\", headers: {Authorization: {env: hunter2pass}}}",
    "http: {url: \"https://h.example/\", query: {apikey: \"hunter2pass\"}}",
    "http: {url: \"https://h.example/\", method: POST, body: {as: [{clientSecret: \"hunter2pass\"}]}}",
    "http: {url: \"https://h.example/?access_token=hunter2pass\"}",
    "sql: {source: company, query: \"select * from a where token = 'hunter2pass'\"}",
    "sql: {source: company, query: \"select dblink('host=h password=hunter2pass', '')\"}",
];

fn engine(rest: &str) -> String {
    format!(
        "models:\n  m: {{provider: openai, model: x}}\nsources: {{company: {{csv: data}}}}\n{rest}"
    )
}

/// A project in which each of these files holds a secret: each is told, no format shows it.
fn refused(files: &[(String, String)], secrets: &[&str]) {
    let mut test = Test::new().file("engine.yaml", &engine("")).file("data/a.csv", "token\nx\n");
    for (name, text) in files {
        test = test.file(name, text);
    }
    let ran = test.also(["validate", "--format", "json"]);
    assert_eq!(ran.code, 2);
    let found = ran.json();
    let found = found["diagnostics"].as_array().expect("diagnostics");
    for (name, text) in files {
        let is_told = |d: &&serde_json::Value| d["code"] == "literal-secret" && d["file"] == **name;
        assert_eq!(found.iter().filter(is_told).count(), 1, "{name}: {text}\n{found:#?}");
    }
    for format in ["text", "json", "github", "sarif", "junit"] {
        let ran = test.also(["validate", "--format", format]);
        for secret in secrets {
            let shown = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!shown.contains(secret), "{format} shows {secret}: {shown}");
        }
    }
}

#[test]
fn keys_are_known_by_their_form_wherever_they_stand() {
    let hidden: Vec<&str> = TEXTS.iter().map(|(_, hidden)| *hidden).collect();
    let each = |kind: &str, write: &dyn Fn(&str, usize) -> String| -> Vec<(String, String)> {
        let files = TEXTS.iter().enumerate();
        files.map(|(n, (text, _))| (format!("{kind}/w{n}.yaml"), write(text, n))).collect()
    };
    let step = "steps:\n  - id: a\n    agent: {instructions: Speak.}\n    prompt:";
    refused(
        &each("workflows", &|text, n| format!("name: w{n}\n{step} \"Use {text} now\"\n")),
        &hidden,
    );
    refused(
        &each("workflows", &|text, n| {
            format!(
                "name: w{n}\nparams: {{k: {{type: string, default: \"{text}\"}}}}\n{step} \"{{{{ params.k }}}}\"\n"
            )
        }),
        &hidden,
    );
    refused(
        &each("agents", &|text, n| {
            format!(
                "name: a{n}\nrole: R\ngoal: G\ncovers: C.\ninstructions: |\n  Say it.\n  {}\n",
                text.replace("\\n", "\n  ")
            )
        }),
        &hidden,
    );
}

#[test]
fn passwords_are_known_by_their_place() {
    let tools: Vec<(String, String)> = TOOLS
        .iter()
        .enumerate()
        .map(|(n, tool)| {
            let text = format!("tools:\n  - name: t{n}\n    description: d.\n    {tool}\n");
            (format!("tools/t{n}.yaml"), text)
        })
        .collect();
    refused(&tools, &[PASSWORD]);
    let steps = "steps:\n  - id: a\n    workflow: b\n    with: {password: hunter2pass}\n";
    let workflows = [
        ("workflows/v.yaml".to_owned(), format!("name: v\n{steps}")),
        (
            "workflows/w.yaml".to_owned(),
            "name: w\nparams: {api_key: {type: string, default: hunter2pass}}\nsteps:\n  - id: a\n    compute: {b: params.api_key}\n".to_owned(),
        ),
    ];
    refused(&workflows, &[PASSWORD]);
    for server in SERVERS {
        refused(
            &[("engine.yaml".to_owned(), engine(&format!("mcp:\n  crm: {server}\n")))],
            &[PASSWORD],
        );
    }
}

#[test]
fn what_stands_for_a_variable_is_never_repeated() {
    for line in [
        "models:\n  m: {provider: openai, model: x, api_key_env: hunter2pass}\n",
        "models:\n  m: {provider: openai, model: x, api_key_env: correcthorse}\n",
        "models:\n  m:\n    provider: openai\n    model: x\n    api_key_env: 'correct horse'\n",
        "sources:\n  c: {postgres_env: correcthorse}\n",
        "mcp:\n  c: {url: \"https://h.example/mcp\", token_env: correcthorse}\n",
        "mcp:\n  c: {command: [c], env: {X: {env: \"correct-horse\"}}}\n",
    ] {
        for format in ["text", "json", "github", "sarif", "junit"] {
            let ran =
                Test::new().file("engine.yaml", line).args(["validate", "--format", format]).run();
            assert_eq!(ran.code, 2, "{line}{}", ran.stdout);
            let shown = format!("{}{}", ran.stdout, ran.stderr);
            for secret in [PASSWORD, "correcthorse", "correct horse", "correct-horse"] {
                assert!(!shown.contains(secret), "{format}: {shown}");
            }
        }
    }
}

#[test]
fn what_only_sounds_like_a_secret_is_none() {
    let servers = "mcp:\n  crm:\n    command: [crm, --token-file, tok.txt, --max-tokens, \"200\", --sort-key=name]\n    \
                   env: {MAX_TOKENS: \"200\", SORT_KEY: name, TOKEN_URL: \"https://h.example/token\", AUTHOR: me, \
                   API_KEY_FILE: /run/key, TLS_KEY: /etc/tls/key.pem, http_proxy: {env: http_proxy}}\n  \
                   wiki: {url: \"https://h.example/mcp?page=3\", token_env: WIKI_2}\n";
    let tool = "tools:\n  - name: t\n    description: Rows of a token.\n    params: {token: {type: string}}\n    \
                sql: {source: company, query: \"select count(*) as n from a where token = :token and token <> 'ETH'\"}\n";
    let prompt = "name: w\nsteps:\n  - id: a\n    agent: {instructions: Speak.}\n    prompt: |\n      \
                  Passwords: what is a token? Write api_key=YOUR_KEY, password=<password> and Bearer tokens.\n      \
                  A task-1234567890123456789012 of risk-adjusted-return-in-2026.\n";
    Test::new()
        .file("engine.yaml", &engine(servers))
        .file("data/a.csv", "token\nx\n")
        .file("tools/t.yaml", tool)
        .file("workflows/w.yaml", prompt)
        .args(["validate"])
        .run()
        .code(0);
}
