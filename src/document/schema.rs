pub(super) fn step_kinds(_: &mut schemars::Schema) {}
