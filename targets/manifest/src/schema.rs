//! The JSON schema of manifests, for editors that complete and check while one types. It is kept in
//! `targets/manifest.schema.json`; a test of the clients' registry holds the two together.

use crate::manifest::Manifest;
use crate::protocol::ProtocolSpec;
use schemars::generate::SchemaSettings;
use serde_json::json;

/// The schema, as JSON, with the protocols that a manifest may name.
#[must_use]
pub fn schema(protocols: &[ProtocolSpec]) -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Manifest>();
    if let Some(protocol) = schema.pointer_mut("/$defs/ClientSpec/properties/protocol") {
        let one = |spec: &ProtocolSpec| json!({ "const": spec.name, "description": spec.summary });
        let names = protocols.iter().map(one).collect::<Vec<_>>();
        *protocol = json!({ "description": protocol.get("description"), "oneOf": names });
    }
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_names_every_key_of_a_manifest() {
        let schema = schema(&[]);
        for key in
            ["nodes-min", "ready-within-s", "send-hex", "one-by-one", "monotonic-reads/sticky"]
        {
            assert!(schema.contains(&format!("\"{key}\"")), "{key}");
        }
    }
}
