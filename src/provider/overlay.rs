//! Lays one definition's keys over another's.

/// Merges tables key by key. Anything else, including a value with its evidence, replaces the old value.
pub(super) fn lay_over(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(value))
                if !inner.contains_key("value") && !value.contains_key("value") =>
            {
                lay_over(inner, value);
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}
