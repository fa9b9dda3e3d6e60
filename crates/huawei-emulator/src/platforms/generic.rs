//! A platform that does what its document says and nothing more.

use crate::answer::{Answer, Refusal};
use crate::document::outcome::{Carrier, Row};
use crate::synth;
use crate::validate::Violation;

use super::{Call, Platform};

/// A platform without behaviour of its own: requests are checked, answers are the smallest ones
/// that the document allows.
pub(crate) struct Generic;

impl Platform for Generic {
    fn answer(&mut self, call: &Call<'_>) -> Result<Answer, Refusal> {
        Ok(synth::success(call))
    }
}

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
