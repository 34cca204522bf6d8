//! Apache Parquet, which dataframe libraries read: the rows of the table by columns, compressed.

use super::ExportError;
use super::row::Row;
use afterall_history::{History, OpId};
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::io::Write;
use std::sync::Arc;

/// In the order of the columns of the table.
const SCHEMA: &str = "message operations {
    required int64 operation;
    required int64 session;
    required binary f (UTF8);
    required binary key (UTF8);
    optional binary input (UTF8);
    optional binary output (UTF8);
    optional binary version (UTF8);
    required binary outcome (UTF8);
    optional binary error (UTF8);
    required binary sent_to (UTF8);
    optional binary answered_by (UTF8);
    required int64 invoked_ns;
    optional int64 completed_ns;
    optional binary phase (UTF8);
    required boolean final;
    required binary faults (UTF8);
}";

/// How many rows are held in memory and written together.
const ROWS_MAX: u32 = 100_000;

impl From<ParquetError> for ExportError {
    fn from(error: ParquetError) -> Self {
        ExportError::Parquet(error.to_string())
    }
}

pub(super) fn write(history: &History, out: impl Write + Send) -> Result<(), ExportError> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut file = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
    let all = history.len() as u32;
    let mut from = 0;
    while from < all {
        let to = all.min(from.saturating_add(ROWS_MAX));
        let rows: Vec<Row<'_>> =
            (from..to).map(|id| Row::of(history, history.op(OpId(id)))).collect();
        let mut group = Group { rows: &rows, out: file.next_row_group()? };
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        group.column::<Int64Type>(|row| Some(row.operation.into()))?;
        group.column::<Int64Type>(|row| Some(signed(row.session)))?;
        group.texts(|row| Some(row.f))?;
        group.texts(|row| Some(row.key))?;
        group.texts(|row| row.input.as_deref())?;
        group.texts(|row| row.output.as_deref())?;
        group.texts(|row| row.version.as_deref())?;
        group.texts(|row| Some(row.outcome))?;
        group.texts(|row| row.error)?;
        group.texts(|row| Some(row.sent_to))?;
        group.texts(|row| row.answered_by)?;
        group.column::<Int64Type>(|row| Some(row.invoked_ns))?;
        group.column::<Int64Type>(|row| row.completed_ns)?;
        group.texts(|row| row.phase)?;
        group.column::<BoolType>(|row| Some(row.is_final))?;
        group.texts(|row| Some(&row.faults))?;
        group.out.close()?;
        from = to;
    }
    file.close()?;
    Ok(())
}

struct Group<'r, 'h, 'w, W: Write + Send> {
    rows: &'r [Row<'h>],
    out: SerializedRowGroupWriter<'w, W>,
}

impl<'h, W: Write + Send> Group<'_, 'h, '_, W> {
    fn texts(
        &mut self,
        of: impl for<'r> Fn(&'r Row<'h>) -> Option<&'r str>,
    ) -> Result<(), ExportError> {
        self.column::<ByteArrayType>(|row| {
            of(row).map(|text| ByteArray::from(text.as_bytes().to_vec()))
        })
    }

    /// Writes the next column: what is there, and of which rows.
    fn column<T: DataType>(
        &mut self,
        of: impl Fn(&Row<'h>) -> Option<T::T>,
    ) -> Result<(), ExportError> {
        let mut values = Vec::with_capacity(self.rows.len());
        let mut is_there = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            let value = of(row);
            is_there.push(i16::from(value.is_some()));
            values.extend(value);
        }
        let missing = || ExportError::Parquet("expected sixteen columns, found fewer".to_owned());
        let mut column = self.out.next_column()?.ok_or_else(missing)?;
        // A column that is required takes no notice of which rows have a value: all do.
        column.typed::<T>().write_batch(&values, Some(&is_there), None)?;
        column.close()?;
        Ok(())
    }
}
