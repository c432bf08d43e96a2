//! Put changes no lock; it needs one.

use std::sync::Arc;

use super::Scene;
use crate::model::{FileName, Lock, Owner, Refusal, Token};

/// The lock by which `by` may replace the content of `file`: their own, at this machine, and with `token` that very one.
///
/// # Errors
/// Who has the file instead, or that nobody has.
pub fn may_put(
    scene: &Scene<'_>,
    by: &Owner,
    file: &FileName,
    token: Option<Token>,
) -> Result<Arc<Lock>, Refusal> {
    let standing = scene.table.locks.get(file);
    let over = |token, lock| Refusal::OldToken {
        file: file.clone(),
        token,
        lock,
    };
    let Some(lock) = standing else {
        return Err(match token {
            Some(token) => over(token, None),
            None => Refusal::NotHeld { file: file.clone() },
        });
    };
    let lock = Arc::clone(lock);
    if let Some(token) = token.filter(|token| lock.token != Some(*token)) {
        return Err(over(token, Some(lock)));
    }
    if !lock.owner.same_desk(by) {
        let file = file.clone();
        return Err(Refusal::NotYours { file, lock });
    }
    // A lease of one's own that is over: whoever wants the file has it at once.
    if scene.judge.lock(scene.table, file, &lock).is_over() {
        return Err(over(lock.token.unwrap_or_default(), Some(lock)));
    }
    Ok(lock)
}
