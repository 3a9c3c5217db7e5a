//! Names of files as the protocol writes them: `file:///folder/a%20b.yaml`.

use std::path::{Path, PathBuf};

/// The file that a URI names; none where it names none, such as a buffer that was never saved.
pub(super) fn to_path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let start = rest.find('/')?;
    let text = decode(rest.get(start..)?)?;
    let drive = text.get(1..3).is_some_and(|drive| {
        drive.ends_with(':') && drive.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    Some(PathBuf::from(if drive { text.get(1..)? } else { text.as_str() }))
}

/// The URI of a file.
pub(super) fn of_path(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let mut uri = "file://".to_owned();
    if !text.starts_with('/') {
        uri.push('/');
    }
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~') {
            uri.push(c);
        } else {
            uri.push('%');
            uri.push_str(&crate::value::hex(&[byte]).to_uppercase());
        }
    }
    uri
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_again() {
        for path in ["/a/b.yaml", "/with space/ümläut 😀.yaml", "/100%/#x?.yaml"] {
            assert_eq!(to_path(&of_path(Path::new(path))), Some(PathBuf::from(path)), "{path}");
        }
        assert_eq!(to_path("file:///c%3A/a.yaml"), Some(PathBuf::from("c:/a.yaml")));
        assert_eq!(of_path(Path::new("c:\\a.yaml")), "file:///c%3A/a.yaml");
        for other in ["untitled:Untitled-1", "file://", "file:///%f", "file:///%ff"] {
            assert_eq!(to_path(other), None, "{other}");
        }
    }
}
