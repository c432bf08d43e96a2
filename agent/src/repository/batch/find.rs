//! From a path that was asked for to a question for the rules.

use std::sync::Arc;

use camctl_shared::model::{Base, Case, Extra, FileName, NameError, RequestId, ShareErrorKind};
use camctl_shared::rules::{Ask, Intent, Queue};
use camctl_shared::share::{Meta, What};

use super::failed;
use crate::problem::Problem;
use crate::repository::board::Board;
use crate::repository::job::{Item, Verdict};
use crate::repository::place::Place;

/// The name, and for checkouts the file itself, on the share.
pub(super) fn find(
    item: Item,
    board: &Board,
    place: &dyn Place,
    case: Case,
) -> Result<(Ask, Option<Meta>), Box<Verdict>> {
    let wrong = |file: Option<FileName>, problem: Problem| Box::new(failed(file, problem));
    let asked = FileName::parse(&item.path, case).map_err(|why| wrong(None, why.into()))?;
    let takes = matches!(item.intent, Intent::Checkout(_) | Intent::Queue(Queue::Join(_)));
    // How the file was is asked again: nobody would know it later. And by which name it is locked only the share knows: what
    // is asked or answered about another would reach nobody.
    let has_to_know = matches!(
        item.intent,
        Intent::Queue(Queue::TakeUp { .. }) | Intent::Request { .. } | Intent::Answer(_)
    );
    let (file, meta) = match place.find(&item.path) {
        Ok(Some((path, meta))) => {
            let file = FileName::parse(&path, case).map_err(|why| wrong(None, why.into()))?;
            (file, Some(meta))
        }
        Ok(None) => return Err(wrong(None, NameError::Outside.into())),
        Err(error) if has_to_know && error.kind == ShareErrorKind::Unknown => {
            return Err(wrong(Some(asked), error.into()));
        }
        Err(_) if !takes => (asked, None),
        Err(error) if error.kind == ShareErrorKind::NotFound => {
            return Err(wrong(Some(asked), Problem::NoSuchFile));
        }
        Err(error) => return Err(wrong(Some(asked), error.into())),
    };
    let mut intent = item.intent;
    let now = |meta: &Meta| Base {
        size: meta.size,
        modified: meta.modified,
        sha256: None,
        extra: Extra::new(),
    };
    if let Intent::Queue(Queue::TakeUp { base, .. }) = &mut intent {
        *base = meta.as_ref().map(now);
    }
    if let Intent::Checkout(checkout) | Intent::Queue(Queue::Join(checkout)) = &mut intent {
        let policy = Arc::clone(&board.state().policy);
        if FileName::parse(&policy.locks_file, case).is_ok_and(|table_file| table_file == file) {
            return Err(wrong(None, NameError::Own.into()));
        }
        match &meta {
            Some(meta) if meta.what == What::File => {
                checkout.base = Some(now(meta));
            }
            _ => return Err(wrong(Some(file), Problem::NotAFile)),
        }
    }
    let ask = Ask {
        id: RequestId::random(),
        by: Arc::clone(&board.me),
        file,
        intent,
    };
    Ok((ask, meta))
}
