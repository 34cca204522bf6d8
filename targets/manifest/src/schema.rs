//! The JSON schema of manifests, for editors that complete and check while one types. It is kept in
//! `targets/manifest.schema.json`; a test holds the two together.

use super::Manifest;
use afterall_history::{Property, Workload};
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, json_schema};

/// The names of the faults. The harness knows what they do; a manifest with another name is refused there.
pub const FAULTS: &[&str] = &[
    "partition",
    "latency",
    "kill",
    "pause",
    "clock",
    "stop",
    "black-hole",
    "udp-drop",
    "truncate",
    "corrupt",
];

/// The schema, as JSON.
#[must_use]
pub fn schema() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = generator.into_root_schema_for::<Manifest>();
    serde_json::to_string_pretty(&schema).unwrap_or_default()
}

pub(super) fn faults(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "enum": FAULTS }, "uniqueItems": true })
}

pub(super) fn promises(_: &mut SchemaGenerator) -> Schema {
    let names = Property::ALL.iter().map(|property| property.name());
    let sticky = names
        .flat_map(|name| [name.to_owned(), format!("{name}/sticky"), format!("{name}/roaming")]);
    let promise: Vec<String> = sticky.collect();
    let list = json_schema!({ "type": "array", "items": { "enum": promise } });
    let workloads = [Workload::Register, Workload::Counter, Workload::Cart];
    let properties: serde_json::Map<String, serde_json::Value> =
        workloads.iter().map(|w| (w.name().to_owned(), list.clone().to_value())).collect();
    json_schema!({
        "type": "object",
        "description": "What it promises, by workload; a workload that is not listed cannot be driven.",
        "properties": properties,
        "additionalProperties": false
    })
}

pub(super) fn semantics(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "description": "How it resolves conflicts.",
        "properties": {
            "register": { "enum": ["lww", "siblings-client", "siblings-replica"] },
            "counter": { "enum": ["up-down", "grow-only"] },
            "cart": { "enum": ["add-wins", "remove-wins"] }
        },
        "additionalProperties": false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifest.schema.json");
        let published = std::fs::read_to_string(path).unwrap_or_default();
        let hint = "write it anew: cargo run -- target schema > targets/manifest.schema.json";
        assert!(published.trim_end() == schema(), "{hint}");
    }

    #[test]
    fn the_schema_names_every_key_of_a_manifest() {
        let schema = schema();
        for key in
            ["nodes-min", "ready-within-s", "send-hex", "one-by-one", "monotonic-reads/sticky"]
        {
            assert!(schema.contains(&format!("\"{key}\"")), "{key}");
        }
    }
}
