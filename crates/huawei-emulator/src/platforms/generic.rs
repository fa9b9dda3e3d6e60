//! What a platform says where it has no word of its own: the document's.

use crate::answer::Refusal;
use crate::document::outcome::{Carrier, Row};
use crate::validate::Violation;

use super::Call;

/// A refusal with the likeliest code: one the operation is known to answer to a wrong request.
pub(crate) fn refuse(call: &Call<'_>, violations: &[Violation]) -> Refusal {
    let document = call.document;
    let envelopes = &call.operation.outcome.envelopes;
    let by_code = call.operation.outcome.carrier != Carrier::Status;
    let fits = |row: &&Row| {
        row.action == "fix-request"
            && row
                .status
                .is_none_or(|status| status == 400 || status == 200 && by_code)
            && envelopes.iter().any(|envelope| envelope.realm == row.realm)
    };
    let own = call.operation.errors.iter().chain(&document.errors);
    let row = own
        .filter_map(|id| document.row(id))
        .find(fits)
        .or_else(|| document.rows.iter().find(fits));
    let refusal = row.map_or_else(|| Refusal::status(400), |row| Refusal::code(&row.id));
    Refusal {
        violations: violations.to_vec(),
        ..refusal
    }
}
