//! A local directory in place of a bucket: uploads are files aside, which a rename makes visible.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use super::bucket::{Bucket, Complete, Put, StoreError};

/// Where uploads and half-written objects lie; a folder of the root, so that renames stay within the file system.
const ASIDE: &str = "_highway_uploads";

/// A directory.
#[derive(Clone, Debug)]
pub struct LocalBucket {
    root: PathBuf,
}

impl LocalBucket {
    /// A directory, which is made if it is not there.
    pub fn new(root: &Path) -> Result<Self, StoreError> {
        let aside = root.join(ASIDE);
        fs::create_dir_all(&aside).map_err(|e| failed(&format!("create {}", aside.display()), &e))?;
        Ok(Self { root: root.to_owned() })
    }

    fn path(&self, key: &str) -> Result<PathBuf, StoreError> {
        let wrong = key.split('/').any(|part| part.is_empty() || part == "." || part == "..");
        if wrong || key.contains('\0') {
            let why = "a name must have no empty part, no \".\" and no \"..\"".to_owned();
            return Err(StoreError { what: format!("object name {key}"), why, retriable: false });
        }
        Ok(self.root.join(key))
    }

    fn upload(&self, upload: &str) -> Result<PathBuf, StoreError> {
        self.path(&format!("{ASIDE}/{upload}"))
    }

    /// Runs blocking work on tokio's threads for it.
    async fn run<T: Send + 'static>(
        &self,
        what: String,
        work: impl FnOnce(Self) -> Result<io::Result<T>, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let this = self.clone();
        match tokio::task::spawn_blocking(move || work(this)).await {
            Ok(result) => result?.map_err(|e| failed(&what, &e)),
            Err(e) => Err(StoreError { what, why: e.to_string(), retriable: true }),
        }
    }

    /// The bytes in a file aside, synced.
    fn stage(&self, body: &[u8]) -> io::Result<PathBuf> {
        let path = self.root.join(ASIDE).join(Uuid::new_v4().to_string());
        let mut file = File::create_new(&path)?;
        file.write_all(body)?;
        file.sync_data()?;
        Ok(path)
    }
}

fn failed(what: &str, error: &io::Error) -> StoreError {
    let retriable = !matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotADirectory
    );
    StoreError { what: what.to_owned(), why: error.to_string(), retriable }
}

/// A name is only safe when its directory is synced; directories that are made for it as well.
fn publish(staged: &Path, path: &Path, link: impl Fn(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
    let parent = path.parent().unwrap_or(path);
    let mut new = Vec::new();
    let mut folder = parent;
    while !folder.exists() {
        let Some(above) = folder.parent() else { break };
        new.push(above);
        folder = above;
    }
    fs::create_dir_all(parent)?;
    link(staged, path)?;
    File::open(parent)?.sync_all()?;
    new.into_iter().try_for_each(|folder| File::open(folder)?.sync_all())
}

fn absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(e),
    }
}

fn names(root: &Path, folder: &Path, found: &mut Vec<String>) -> io::Result<()> {
    let Some(entries) = absent(fs::read_dir(folder))? else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names(root, &entry.path(), found)?;
        } else if let Ok(name) = entry.path().strip_prefix(root) {
            found.push(name.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

#[async_trait]
impl Bucket for LocalBucket {
    fn describe(&self) -> String {
        format!("directory {}", self.root.display())
    }

    fn separates_uploads(&self) -> bool {
        true
    }

    fn completion_is_final(&self) -> bool {
        true
    }

    async fn put_if_absent(&self, key: &str, body: Bytes) -> Put {
        let name = key.to_owned();
        let put = self.run(format!("put if absent of {key}"), move |this| {
            let path = this.path(&name)?;
            Ok((|| {
                let staged = this.stage(&body)?;
                // A hard link fails when the name is taken: the file system decides.
                let linked = publish(&staged, &path, |from, to| fs::hard_link(from, to));
                fs::remove_file(&staged)?;
                match linked {
                    Ok(()) => Ok(true),
                    Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
                    Err(e) => Err(e),
                }
            })())
        });
        match put.await {
            Ok(true) => Put::Created(None),
            Ok(false) => Put::Exists,
            Err(e) => Put::Unknown(e),
        }
    }

    async fn put(&self, key: &str, body: Bytes) -> Result<(), StoreError> {
        let name = key.to_owned();
        let put = self.run(format!("put of {key}"), move |this| {
            let path = this.path(&name)?;
            Ok(this.stage(&body).and_then(|staged| publish(&staged, &path, |from, to| fs::rename(from, to))))
        });
        put.await
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let name = key.to_owned();
        let get = self.run(format!("get of {key}"), move |this| {
            let path = this.path(&name)?;
            Ok(absent(fs::read(path)))
        });
        Ok(get.await?.map(Bytes::from))
    }

    async fn size(&self, key: &str) -> Result<Option<u64>, StoreError> {
        let name = key.to_owned();
        let size = self.run(format!("size of {key}"), move |this| {
            let path = this.path(&name)?;
            Ok(absent(fs::metadata(path)))
        });
        Ok(size.await?.map(|meta| meta.len()))
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let name = folder.to_owned();
        let list = self.run(format!("list of {folder}"), move |this| {
            let path = this.path(&name)?;
            let mut found = Vec::new();
            Ok(names(&this.root, &path, &mut found).map(|()| found))
        });
        list.await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let name = key.to_owned();
        let delete = self.run(format!("delete of {key}"), move |this| {
            let path = this.path(&name)?;
            Ok(absent(fs::remove_file(path)).map(|_| ()))
        });
        delete.await
    }

    async fn create_upload(&self, key: &str) -> Result<String, StoreError> {
        self.path(key)?;
        let id = Uuid::new_v4().to_string();
        let name = id.clone();
        let create = self.run(format!("create upload of {key}"), move |this| {
            let path = this.upload(&name)?;
            Ok(File::create_new(path).map(|_| ()))
        });
        create.await.map(|()| id)
    }

    /// Parts come in order here: each is appended. The answer is the length that the file then has, so that a part that is
    /// sent again replaces what the first try left.
    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        index: usize,
        body: Bytes,
    ) -> Result<String, StoreError> {
        let upload = upload.to_owned();
        let put = self.run(format!("part {index} of {key}"), move |this| {
            let path = this.upload(&format!("{upload}.{index}"))?;
            Ok((|| {
                let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
                file.write_all(&body)?;
                Ok(body.len().to_string())
            })())
        });
        put.await
    }

    async fn complete(&self, key: &str, upload: &str, parts: &[String]) -> Complete {
        let (name, upload, parts) = (key.to_owned(), upload.to_owned(), parts.len());
        let complete = self.run(format!("complete upload of {key}"), move |this| {
            let (path, marker) = (this.path(&name)?, this.upload(&upload)?);
            let part = |index: usize| this.upload(&format!("{upload}.{index}"));
            let pieces: Vec<PathBuf> = (0..parts).map(part).collect::<Result<_, _>>()?;
            Ok(join(&marker, &pieces, &path))
        });
        match complete.await {
            Ok(true) => Complete::Done,
            Ok(false) => Complete::NoUpload,
            Err(e) => Complete::Unknown(e),
        }
    }

    async fn abort(&self, key: &str, upload: &str) -> Result<(), StoreError> {
        let upload = upload.to_owned();
        let abort = self.run(format!("abort upload of {key}"), move |this| {
            let marker = this.upload(&upload)?;
            let mut index = 0;
            while let Ok(part) = this.upload(&format!("{upload}.{index}")) {
                if fs::remove_file(part).is_err() {
                    break;
                }
                index += 1;
            }
            Ok(absent(fs::remove_file(marker)).map(|_| ()))
        });
        abort.await
    }
}

/// Parts become one file, which gets its name by a rename. The marker goes last: as long as it is there, completing can be
/// done again. Two who complete at once write the same bytes, each into a file of its own.
fn join(marker: &Path, parts: &[PathBuf], path: &Path) -> io::Result<bool> {
    if !marker.exists() {
        return Ok(false);
    }
    let whole = marker.with_extension(Uuid::new_v4().to_string());
    let mut file = File::create_new(&whole)?;
    for part in parts {
        let Some(mut part) = absent(File::open(part))? else {
            // The other one was faster and is removing the parts.
            fs::remove_file(&whole)?;
            return if marker.exists() {
                Err(io::Error::new(ErrorKind::Interrupted, "a part is missing while the upload is there"))
            } else {
                Ok(false)
            };
        };
        io::copy(&mut part, &mut file)?;
    }
    file.sync_data()?;
    publish(&whole, path, |from, to| fs::rename(from, to))?;
    absent(fs::remove_file(marker))?;
    parts.iter().try_for_each(|part| absent(fs::remove_file(part)).map(|_| ()))?;
    Ok(true)
}
