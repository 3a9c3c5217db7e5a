# Every verb is one line; `just` alone lists them.

_list:
    @just --list --unsorted

# Type-check everything
check:
    cargo check --all-targets --locked

# Format the sources
fmt:
    cargo fmt

# Lint as the gate does
lint:
    cargo clippy --all-targets --locked -- -D warnings

# Run unit and integration tests
test *ARGS:
    cargo nextest run {{ ARGS }}

# Build the documentation and fail on a broken link
doc:
    RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --locked

# Run the benchmarks
bench *ARGS:
    cargo bench {{ ARGS }}

# Write schemas/*.json anew from the Rust types
schemas:
    cargo run --quiet -- schema --write

# Accept the snapshots as they are now
snapshots:
    INSTA_UPDATE=always cargo nextest run --no-fail-fast

# Check licences, bans and origins of the dependencies
deny:
    cargo deny check bans licenses sources

# Everything the gate runs
ci:
    ./tests/all
