//! Beginning and end of a conversation, and what is no conversation at all.

use serde_json::json;

use crate::client::Editor;

#[test]
fn a_conversation_begins_and_ends_as_the_protocol_says() {
    let mut editor = Editor::ungreeted(&[]);
    let early = editor.request("textDocument/hover", &json!({}));
    assert_eq!(early["error"]["code"], -32002, "{early}");
    let capabilities =
        editor.greet(&json!({"general": {"positionEncodings": ["utf-16", "utf-8"]}}));
    assert_eq!(capabilities["positionEncoding"], "utf-8");
    assert_eq!(editor.request("no/such", &json!({}))["error"]["code"], -32601);
    assert!(editor.request("shutdown", &json!(null))["result"].is_null());
    assert_eq!(editor.request("textDocument/hover", &json!({}))["error"]["code"], -32600);
    editor.notify("exit", &json!(null));
    assert_eq!(editor.ends(), 0);

    let mut rude = Editor::demo();
    rude.notify("exit", &json!(null));
    assert_eq!(rude.ends(), 1);

    let mut gone = Editor::demo();
    gone.hang_up();
    assert_eq!(gone.ends(), 1);
}

#[test]
fn garbage_ends_nothing() {
    let mut editor = Editor::ungreeted(&[]);
    editor.raw(b"hello?\r\n\r\nContent-Length: twelve\r\n\r\n");
    editor.raw(b"Content-Length: 4\r\n\r\n\xff{]\"");
    assert_eq!(
        editor.wait(|message| message.get("id") == Some(&json!(null)))["error"]["code"],
        -32700
    );
    editor.raw(b"Content-Length: 2\r\n\r\n[]Content-Length: 8\r\n\r\n{\"id\":3}");
    editor.greet(&json!({}));
    for method in ["textDocument/didOpen", "textDocument/didChange", "textDocument/didClose"] {
        editor.notify(method, &json!({"textDocument": 7}));
        editor.notify(method, &json!(null));
    }
    let log = editor.wait(|message| {
        let text = message["params"]["message"].as_str();
        text.is_some_and(|text| text.starts_with("`textDocument/didOpen` was not understood"))
    });
    assert_eq!(log["method"], "window/logMessage");
    editor.change("never-opened.yaml", "a: 1");
    editor.close("never-opened.yaml");
    for text in
        ["", "\u{feff}", "\u{0}", "{{{{", "a: [", "- - - -", "a: &a [*a]", "\r\n\r", "😀: 😀"]
    {
        editor.open("workflows/w.yaml", text);
        editor.open("engine.yaml", text);
        editor.open("other.txt", text);
    }
    assert!(editor.request("shutdown", &json!(null))["error"].is_null());
    editor.notify("exit", &json!(null));
    assert_eq!(editor.ends(), 0);
}
