//! The examples of the book and of the workspace's README, compiled.

#[cfg(doctest)]
mod pages {
    use auth_core as _;
    use huawei_oauth as _;
    use iot_na as _;
    use oneaccess_sdk as _;
    use welink_oauth as _;

    #[doc = include_str!("../../../README.md")]
    struct Readme;

    #[doc = include_str!("../../../docs/push-v1-to-v3.md")]
    struct PushV1ToV3;

    #[doc = include_str!("../../../docs/quickstart.md")]
    struct Quickstart;

    #[doc = include_str!("../../../docs/testing.md")]
    struct Testing;
}
