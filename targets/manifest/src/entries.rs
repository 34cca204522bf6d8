//! The schemas of entries whose words come from the vocabulary of histories.

use afterall_history::{FaultKind, Property, Workload};
use schemars::{Schema, SchemaGenerator, json_schema};

/// `faults`.
pub(crate) fn faults(_: &mut SchemaGenerator) -> Schema {
    let names = FaultKind::names().collect::<Vec<_>>();
    json_schema!({ "type": "array", "items": { "enum": names }, "uniqueItems": true })
}

/// `unsupported`.
pub(crate) fn unsupported(_: &mut SchemaGenerator) -> Schema {
    let names = FaultKind::names().collect::<Vec<_>>();
    json_schema!({
        "type": "object",
        "description": "Why a fault is not listed, by its name. The refusal says so.",
        "propertyNames": { "enum": names },
        "additionalProperties": { "type": "string" }
    })
}

/// `promises`.
pub(crate) fn promises(_: &mut SchemaGenerator) -> Schema {
    let names = Property::names();
    let sticky = names
        .flat_map(|name| [name.to_owned(), format!("{name}/sticky"), format!("{name}/roaming")]);
    let promise: Vec<String> = sticky.collect();
    let faults = FaultKind::names().collect::<Vec<_>>().join("|");
    let unless = format!(" unless ({faults})(, ?({faults}))*");
    let suspended = format!("^[a-z-]+(/(sticky|roaming))?{unless}$");
    let shares = Property::ALL.iter().filter(|property| property.is_a_share());
    let shares = shares.map(|property| property.name()).collect::<Vec<_>>().join("|");
    let share = format!("^({shares}) *>= *[0-9.]+%({unless})?$");
    let item = json_schema!({
        "anyOf": [{ "enum": promise }, { "pattern": suspended }, { "pattern": share }]
    });
    let list = json_schema!({ "type": "array", "items": item });
    let entry = |workload: Workload| (workload.name().to_owned(), list.clone().to_value());
    let properties: serde_json::Map<_, _> = afterall_workloads::driven().map(entry).collect();
    json_schema!({
        "type": "object",
        "description": "What it promises, by workload. A workload that is not listed cannot be driven.",
        "properties": properties,
        "additionalProperties": false
    })
}

/// `semantics`.
pub(crate) fn semantics(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "description": "How it resolves conflicts.",
        "properties": {
            "register": { "enum": ["lww", "siblings-client", "siblings-replica"] },
            "counter": { "enum": ["up-down", "grow-only"] },
            "cart": { "enum": ["add-wins", "remove-wins"] },
            "stamps": { "enum": ["unknown", "node-clock"] }
        },
        "additionalProperties": false
    })
}
