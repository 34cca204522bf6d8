//! Frames of Cassandra's protocol: requests as bytes, bytes as replies.

use crate::error::Malformed;
use bytes::{Buf, BytesMut};
use scylla_cql::Consistency;
use scylla_cql::deserialize::row::DeserializeRow;
use scylla_cql::frame::frame_errors::CqlRequestSerializationError;
use scylla_cql::frame::protocol_features::ProtocolFeatures;
use scylla_cql::frame::request::query::QueryParameters;
use scylla_cql::frame::request::{Query, SerializableRequest, Startup};
use scylla_cql::frame::response::error::Error;
use scylla_cql::frame::response::result::{
    ColumnType, DeserializedMetadataAndRawRows, NativeType, Result as CqlResult,
};
use scylla_cql::frame::response::{Response, ResponseOpcode};
use scylla_cql::frame::{SerializedRequest, flag, parse_response_body_extensions};
use scylla_cql::serialize::row::SerializedValues;
use std::borrow::Cow;
use std::fmt;

const HEADER_BYTES: usize = 9;

/// What answers begin with: the version, with the bit of answers.
const ANSWER_OF_VERSION_4: u8 = 0x84;

/// The longest body that is read.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A value of a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound<'a> {
    Text(&'a str),
    Int(i64),
}

/// What Cassandra answers.
#[derive(Debug)]
pub(crate) enum Reply {
    /// The connection may be used.
    Ready,
    /// It was done, and there is nothing to return.
    Done,
    /// Rows.
    Rows(Rows),
    /// An error.
    Error(Error),
    /// Something that was not asked for: its kind.
    Other(String),
}

/// Rows that were read.
#[derive(Debug)]
pub(crate) struct Rows(DeserializedMetadataAndRawRows);

impl Rows {
    /// All rows, in the types of the columns that were asked for.
    pub(crate) fn all<R>(&self) -> Result<Vec<R>, Malformed>
    where
        R: for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
    {
        let rows = self.0.rows_iter::<R>().map_err(Malformed::by)?;
        rows.collect::<Result<_, _>>().map_err(Malformed::by)
    }
}

impl fmt::Display for Reply {
    /// The reply in words, for errors.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Ready => f.write_str("READY"),
            Reply::Done => f.write_str("nothing"),
            Reply::Rows(_) => f.write_str("rows"),
            Reply::Error(error) => write!(f, "{}: {}", error.error, error.reason),
            Reply::Other(kind) => f.write_str(kind),
        }
    }
}

/// A request that cannot be made into bytes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncodeError {
    /// A value.
    #[error("cannot encode a value")]
    Value(#[source] scylla_cql::serialize::SerializationError),
    /// The whole.
    #[error("cannot encode a request")]
    Frame(#[source] CqlRequestSerializationError),
}

/// What opens a connection.
pub(crate) fn startup() -> Result<Vec<u8>, EncodeError> {
    let version = (Cow::Borrowed("CQL_VERSION"), Cow::Borrowed("3.0.0"));
    bytes(&Startup { options: [version].into() })
}

/// A statement with its values.
pub(crate) fn query(
    statement: &str,
    values: &[Bound<'_>],
    consistency: Consistency,
) -> Result<Vec<u8>, EncodeError> {
    let mut row = SerializedValues::new();
    for value in values {
        let added = match value {
            Bound::Text(text) => row.add_value(text, &ColumnType::Native(NativeType::Text)),
            Bound::Int(n) => row.add_value(n, &ColumnType::Native(NativeType::BigInt)),
        };
        added.map_err(EncodeError::Value)?;
    }
    let values = Cow::Owned(row);
    let parameters = QueryParameters { consistency, values, ..Default::default() };
    bytes(&Query { contents: Cow::Borrowed(statement), parameters })
}

fn bytes(request: &impl SerializableRequest) -> Result<Vec<u8>, EncodeError> {
    let frame = SerializedRequest::make(request, None, false);
    Ok(frame.map_err(EncodeError::Frame)?.get_data().to_vec())
}

/// Takes a reply off the front, once it is whole.
pub(crate) fn decode(received: &mut BytesMut) -> Result<Option<Reply>, Malformed> {
    let Some(&[version, flags, _, stream, opcode, ref length @ ..]) =
        received.first_chunk::<HEADER_BYTES>()
    else {
        return Ok(None);
    };
    if version != ANSWER_OF_VERSION_4 || stream != 0 || flags & flag::COMPRESSION != 0 {
        return Err("expected an answer of version 4 to what was asked".into());
    }
    let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    if length > BODY_BYTES_MAX {
        return Err(Malformed(format!("expected at most {BODY_BYTES_MAX} bytes, found {length}")));
    }
    if received.len() < HEADER_BYTES + length {
        return Ok(None);
    }
    received.advance(HEADER_BYTES);
    let body = received.split_to(length).freeze();
    let opcode = ResponseOpcode::try_from(opcode).map_err(Malformed::by)?;
    let body = parse_response_body_extensions(flags, None, body).map_err(Malformed::by)?.body;
    let response = Response::deserialize(&ProtocolFeatures::default(), opcode, body, None);
    Ok(Some(match response.map_err(Malformed::by)? {
        Response::Ready => Reply::Ready,
        Response::Error(error) => Reply::Error(error),
        Response::Result(CqlResult::Rows((rows, _))) => {
            Reply::Rows(Rows(rows.deserialize_metadata().map_err(Malformed::by)?))
        }
        Response::Result(CqlResult::Prepared(_)) => Reply::Other("PREPARED".to_owned()),
        Response::Result(_) => Reply::Done,
        other => Reply::Other(other.to_response_kind().to_string()),
    }))
}
