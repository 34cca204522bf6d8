//! The disk: an embedded store of the node's records, and the count of its incarnations.

use crate::error::StorageError;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use std::path::Path;

const OBJECTS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("objects");
const META: TableDefinition<'_, &str, u32> = TableDefinition::new("meta");

/// A node's storage.
pub(crate) struct Storage {
    database: Database,
}

/// A stored record: key and value.
pub(crate) type Record = (Vec<u8>, Vec<u8>);

impl Storage {
    /// Opens the storage in a folder, which is created where it does not exist.
    ///
    /// # Errors
    /// The folder cannot be written, or another process holds the storage.
    pub(crate) fn open(folder: &Path) -> Result<Storage, StorageError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| StorageError::Folder { path: folder.to_owned(), source })?;
        let path = folder.join("node.redb");
        match Database::create(&path) {
            Ok(database) => Ok(Storage { database }),
            Err(source) => Err(StorageError::Open { path, source: Box::new(source) }),
        }
    }

    /// Counts a start, durably, and returns the number of the new incarnation, which is beyond `lives_before`, with everything
    /// stored before.
    ///
    /// # Errors
    /// The disk fails.
    pub(crate) fn begin_incarnation(
        &self,
        lives_before: u32,
    ) -> Result<(u32, Vec<Record>), StorageError> {
        let transaction = self.database.begin_write().map_err(StorageError::new)?;
        let incarnation = {
            let mut meta = transaction.open_table(META).map_err(StorageError::new)?;
            let before =
                meta.get("incarnation").map_err(StorageError::new)?.map_or(0, |n| n.value());
            let incarnation = before.max(lives_before).saturating_add(1);
            meta.insert("incarnation", incarnation).map_err(StorageError::new)?;
            transaction.open_table(OBJECTS).map_err(StorageError::new)?;
            incarnation
        };
        transaction.commit().map_err(StorageError::new)?;
        let read = self.database.begin_read().map_err(StorageError::new)?;
        let objects = read.open_table(OBJECTS).map_err(StorageError::new)?;
        let mut records = Vec::new();
        for record in objects.iter().map_err(StorageError::new)? {
            let (key, value) = record.map_err(StorageError::new)?;
            records.push((key.value().to_vec(), value.value().to_vec()));
        }
        Ok((incarnation, records))
    }

    /// Writes records and returns when they are on disk. An empty one removes what was stored under its key.
    ///
    /// # Errors
    /// The disk fails; then nothing of this call is stored.
    pub(crate) fn commit(&self, records: &[Record]) -> Result<(), StorageError> {
        let mut transaction = self.database.begin_write().map_err(StorageError::new)?;
        transaction.set_durability(Durability::Immediate).map_err(StorageError::new)?;
        {
            let mut objects = transaction.open_table(OBJECTS).map_err(StorageError::new)?;
            for (key, value) in records {
                if value.is_empty() {
                    objects.remove(key.as_slice()).map_err(StorageError::new)?;
                } else {
                    objects.insert(key.as_slice(), value.as_slice()).map_err(StorageError::new)?;
                }
            }
        }
        transaction.commit().map_err(StorageError::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_incarnation_finds_what_the_last_one_stored() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::open(folder.path()).unwrap();
        assert_eq!(storage.begin_incarnation(0).unwrap(), (1, vec![]));
        storage.commit(&[(b"x".to_vec(), b"1".to_vec()), (b"x".to_vec(), b"2".to_vec())]).unwrap();
        drop(storage);
        let storage = Storage::open(folder.path()).unwrap();
        let (incarnation, records) = storage.begin_incarnation(0).unwrap();
        assert_eq!(incarnation, 2);
        assert_eq!(records, [(b"x".to_vec(), b"2".to_vec())]);
    }

    #[test]
    fn who_comes_with_an_empty_disk_is_somebody_new() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::open(folder.path()).unwrap();
        assert_eq!(storage.begin_incarnation(3).unwrap().0, 4);
        assert_eq!(storage.begin_incarnation(3).unwrap().0, 5);
    }

    #[test]
    fn two_processes_cannot_hold_one_storage() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Storage::open(folder.path()).unwrap();
        assert!(Storage::open(folder.path()).is_err());
    }
}
