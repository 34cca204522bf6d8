//! `serve`: the store in a browser.

use crate::campaign::known;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::run::report_of;
use crate::signals::{self, Doing};
use crate::store_args::ServeArgs;
use afterall_serve::{Bound, Shelf};
use afterall_store::Inside;
use std::sync::Arc;
use tokio::sync::Notify;

pub(crate) fn serve(args: &ServeArgs) -> Result<Exit, Failure> {
    let store = Inside::new(&args.store).map_err(|error| {
        let store = args.store.display();
        Failure::usage(format!("{store}: expected a store of runs, cannot read it: {error}"))
    })?;
    let known = known(args.known.as_deref())?;
    if !args
        .listen
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
    {
        let what = format!(
            "--listen: expected HOST:PORT, such as 127.0.0.1:8080, found {:?}",
            args.listen
        );
        return Err(Failure::usage(what));
    }
    let stop = Arc::new(Notify::new());
    let pressed = stop.clone();
    signals::now(Doing::Running(Box::new(move || pressed.notify_one()), ""));
    let bound = Bound::new(&args.listen)?;
    if bound.is_open() {
        eprintln!(
            "warning: whoever reaches this machine at {} can read the store",
            bound.address()
        );
    }
    println!("http://{}/  (Ctrl-C ends it)", bound.address());
    let maker = Box::new(|folder: &std::path::Path| {
        report_of(folder).map_err(|failure| failure.to_string().into())
    });
    bound.serve(Shelf::new(store, known, maker), async move { stop.notified().await })?;
    Ok(Exit::Valid)
}
