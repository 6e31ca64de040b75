//! A random UUID (RFC 9562 §5.4), as APIs want it to tell requests apart.

/// Writes a version 4 UUID from random bytes.
pub fn from_random(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_uuid_has_its_version_and_variant() {
        assert_eq!(super::from_random([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(super::from_random([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
