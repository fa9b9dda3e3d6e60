//! What the app server asks about users, where the generated calls alone read badly.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use auth_core::{Action, Error, Result, Secret, Token};

use crate::model::{
    AgeRangeFlag, BatchGetGroupUnionIds, ConvertOpenId, GetAgeRange, GetPhoneNumber, GetTokenInfo,
    GetUserRiskLevel, GetUserRiskLevelParameters, QuickLoginPhoneNumber, RevokeToken, RiskScene,
    TokenInfo, TokenKind, UserRiskLevel,
};
use crate::{Client, GroupUnionId, OpenId, UnionId};

/// # Users, in a few words
impl Client {
    /// The phone number behind the code of the quick-login button: one-click login by its newer way,
    /// one call without a token.
    ///
    /// The code is plain, as the device gives it. It serves once and for 5 minutes, so the call is
    /// never repeated. Codes of the masked number before consent are refused (60180007).
    pub async fn quick_login(&self, code: impl Into<Secret>) -> Result<QuickLoginPhoneNumber> {
        let code = code.into();
        check_code(&code)?;
        self.get_phone_number(&GetPhoneNumber::new(code)).await
    }

    /// The risk level of the user this client [acts as](Self::as_user) (scope `riskLevel`).
    ///
    /// The serial number that the call needs is made here, with the time in UTC: the documents
    /// name no zone.
    pub async fn risk_level(&self, scene: RiskScene) -> Result<UserRiskLevel> {
        let transaction = transaction_id(self.api.clock().now());
        let parameters = GetUserRiskLevelParameters {
            client_id: self.client_id()?,
            transaction_id: &transaction,
        };
        self.get_user_risk_level(parameters, &GetUserRiskLevel::new(scene))
            .await
    }

    /// The age range of the user this client [acts as](Self::as_user), for games (scope
    /// `realNameAgeRange`).
    pub async fn age_range(&self) -> Result<AgeRangeFlag> {
        let client = GetAgeRange::new(self.client_id()?);
        let answer = self.get_age_range(&client).await?;
        // Without a record the platform says so, or nothing.
        Ok(answer.age_range_flag.unwrap_or(AgeRangeFlag::Unknown))
    }

    /// Looks into an access token that somebody presents, and refuses one that was issued to another
    /// app, or to no user.
    ///
    /// # Errors
    ///
    /// [`Action::NewToken`] for one that is no longer valid, [`Action::SignInAgain`] for one of
    /// another app, for the app-level one of this app, or for one of which the platform does not say
    /// whose it is.
    pub async fn check_access_token(&self, access_token: impl Into<Secret>) -> Result<TokenInfo> {
        let client_id = self.client_id()?;
        let token = Token::bearer(access_token, Duration::ZERO)?;
        let info = GetTokenInfo::default().open_id();
        let info = self.as_user(token).get_token_info(&info).await?;
        match info.client_id.as_deref() {
            Some(id) if id == client_id && info.r#type == Some(TokenKind::App) => Err(foreign(
                "the access token is that of the app, not of a user",
            )),
            Some(id) if id == client_id => Ok(info),
            Some(_) => Err(foreign("the access token was issued to another app")),
            None => Err(foreign(
                "the platform does not say which app the access token was issued to",
            )),
        }
    }

    /// Withdraws the authorization of a sign-in: its access token and its refresh token, whichever
    /// of the two is given. One that is gone already is a success.
    pub async fn revoke(&self, token: impl Into<Secret>) -> Result<()> {
        match self.revoke_token(&RevokeToken::new(token)).await {
            Ok(_) => Ok(()),
            Err(error) => match error.api().and_then(|api| api.sub_code.as_deref()) {
                Some(REVOKED | EXPIRED) => Ok(()),
                _ => Err(error),
            },
        }
    }

    /// The UnionID of a user of this app.
    pub async fn union_id(&self, open_id: &OpenId) -> Result<UnionId> {
        let open_id = ConvertOpenId::new(open_id.as_str());
        Ok(UnionId::from(self.get_union_id(&open_id).await?.union_id))
    }

    /// The GroupUnionIDs of users of this app, in as many calls as the list needs. Users of whom the
    /// platform tells none are missing.
    pub async fn group_union_ids_of_open_ids(
        &self,
        open_ids: &[OpenId],
    ) -> Result<BTreeMap<OpenId, GroupUnionId>> {
        let mut found = BTreeMap::new();
        for batch in open_ids.chunks(BATCH) {
            let ids = batch.iter().map(OpenId::as_str);
            let batch = BatchGetGroupUnionIds::default().open_id_list(ids);
            let answer = self.batch_get_group_union_ids(&batch).await?;
            let pairs = answer.open_id_to_group_union_id_list.unwrap_or_default();
            found.extend(
                pairs
                    .into_iter()
                    .map(|pair| (pair.open_id.into(), pair.group_union_id.into())),
            );
        }
        Ok(found)
    }

    /// The GroupUnionIDs of users of this developer, in as many calls as the list needs. Users of
    /// whom the platform tells none are missing.
    pub async fn group_union_ids_of_union_ids(
        &self,
        union_ids: &[UnionId],
    ) -> Result<BTreeMap<UnionId, GroupUnionId>> {
        let mut found = BTreeMap::new();
        for batch in union_ids.chunks(BATCH) {
            let ids = batch.iter().map(UnionId::as_str);
            let batch = BatchGetGroupUnionIds::default().union_id_list(ids);
            let answer = self.batch_get_group_union_ids(&batch).await?;
            let pairs = answer.union_id_to_group_union_id_list.unwrap_or_default();
            found.extend(
                pairs
                    .into_iter()
                    .map(|pair| (pair.union_id.into(), pair.group_union_id.into())),
            );
        }
        Ok(found)
    }
}

/// Refuses a code that was decoded too rarely or too often: the platform would spend it with a
/// message that does not say why.
pub(crate) fn check_code(code: &Secret) -> Result<()> {
    let code = code.expose();
    if code.contains('%') {
        return Err(Error::config(
            "the code is still URL-encoded: decode it once",
        ));
    }
    if code.contains(' ') {
        return Err(Error::config(
            "the code was URL-decoded twice: a `+` in it has become a blank",
        ));
    }
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"=/+".contains(&byte);
    match code.bytes().all(sound) && !code.is_empty() {
        true => Ok(()),
        false => Err(Error::config(
            "the code is empty, or holds what no code does",
        )),
    }
}

fn foreign(what: &'static str) -> Error {
    Error::credentials(what).advise(Action::SignInAgain)
}

/// `YYYYMMDDhhmmss` and 16 random digits.
fn transaction_id(now: SystemTime) -> String {
    let since = now.duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let random = fastrand::u64(..10_u64.pow(16));
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}{random:016}")
}

/// The date of a day since 1970-01-01: years are counted from March, so that the leap day is last.
fn civil(days: u64) -> (u64, u64, u64) {
    // 400 years have 146097 days; 719468 lie between 0000-03-01 and 1970-01-01.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

/// The most ids in one call.
const BATCH: usize = 100;
/// The token was withdrawn before.
const REVOKED: &str = "31204";
/// The token had expired before.
const EXPIRED: &str = "11205";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_date(days: u64, expected: (u64, u64, u64)) {
        assert_eq!(civil(days), expected);
    }

    #[test]
    fn days_become_dates() {
        // By Python's datetime.
        check_date(0, (1970, 1, 1));
        check_date(10_957, (2000, 1, 1));
        check_date(11_016, (2000, 2, 29));
        check_date(20_131, (2025, 2, 12));
        check_date(24_836, (2037, 12, 31));
        check_date(47_540, (2100, 2, 28));
        check_date(47_541, (2100, 3, 1));
    }

    #[test]
    fn a_serial_number_is_time_and_chance() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_739_375_183);
        let (one, two) = (transaction_id(now), transaction_id(now));
        assert_eq!(one.len(), 30);
        assert!(one.starts_with("20250212154623"), "{one}");
        assert!(one.bytes().all(|byte| byte.is_ascii_digit()));
        assert_ne!(one, two);
    }

    #[track_caller]
    fn check_mistake(code: &str, hint: &str) {
        let error = check_code(&Secret::new(code)).unwrap_err().to_string();
        assert!(error.contains(hint), "{error}");
        assert!(code.is_empty() || !error.contains(code));
    }

    #[test]
    fn a_code_that_was_decoded_wrongly_is_told() {
        assert!(check_code(&Secret::new("DwEEABlWuXdOMrHW/zgbz+DUMMY==")).is_ok());
        check_mistake("DwEEABlWuXdOMrHW%2Fzgbz%2BDUMMY%3D%3D", "decode it once");
        check_mistake("DwEEABlWuXdOMrHW/zgbz DUMMY==", "twice");
        check_mistake("", "empty");
        check_mistake("a\nb", "no code");
    }
}
