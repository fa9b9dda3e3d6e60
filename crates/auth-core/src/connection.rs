//! The settings of the connection that the builder of every client has, written once.

/// Gives a client's builder the settings that all of them have, over its field of type
/// [`ApiBuilder`](crate::ApiBuilder): `emulator`, `allow_http`, `transport`, `timeout`, `retry`,
/// `clock`, `store`, and `pool` where the crate has a feature of this name.
///
/// For provider crates. What is particular to a platform, like the names of its sites, its builder
/// adds by hand.
///
/// ```
/// use auth_core::ApiBuilder;
///
/// /// Settings of a client.
/// pub struct ClientBuilder {
///     api: ApiBuilder,
/// }
///
/// auth_core::connection_settings!(ClientBuilder, api);
/// ```
#[macro_export]
macro_rules! connection_settings {
    ($builder:ident, $api:ident) => {
        /// # Connection
        impl $builder {
            /// Sends everything to an emulator, or to a gateway of your own: sets every base
            /// address to this one.
            #[must_use]
            pub fn emulator(
                mut self,
                url: impl ::std::convert::Into<::std::string::String>,
            ) -> Self {
                self.$api = self.$api.all_servers(url);
                self
            }

            /// Allows plain http to this host, as between containers on one machine. Credentials
            /// then travel unprotected. This machine itself is always allowed.
            #[must_use]
            pub fn allow_http(
                mut self,
                host: impl ::std::convert::Into<::std::string::String>,
            ) -> Self {
                self.$api = self.$api.allow_http(host);
                self
            }

            /// Sets the HTTP client. Without this all clients of a process share one, which
            /// connects within 3 seconds.
            #[must_use]
            pub fn transport(mut self, transport: ::std::sync::Arc<dyn $crate::HttpSend>) -> Self {
                self.$api = self.$api.transport(transport);
                self
            }

            /// Sets how long a call may take in all, its retries included; 10 seconds when not set.
            #[must_use]
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.$api = self.$api.timeout(timeout);
                self
            }

            /// Sets when requests are sent again.
            #[must_use]
            pub fn retry(mut self, retry: $crate::RetryPolicy) -> Self {
                self.$api = self.$api.retry(retry);
                self
            }

            /// Sets the clock that tokens are signed and judged by.
            #[must_use]
            pub fn clock(mut self, clock: $crate::Clock) -> Self {
                self.$api = self.$api.clock(clock);
                self
            }

            /// Shares the client's tokens with other processes, so that one fetch serves them all.
            ///
            /// Without a store every process obtains tokens of its own; where a new token voids the
            /// one before, they cut each other off.
            #[must_use]
            pub fn store(mut self, store: impl $crate::TokenStore + 'static) -> Self {
                self.$api = self.$api.store(store);
                self
            }

            /// Keeps the client's tokens in a pool that the clients of many tenants share. A client
            /// that is built for a tenant anew finds the tenant's token there, with the fetch under
            /// way, the back-off after failures and the budget; what is set in its builder counts
            /// for its calls, and for the tokens only if they were not there. One with another
            /// secret replaces them.
            ///
            /// The pool never holds more tenants than its bound, and a tenant whose platform hangs
            /// delays no other. It is there for as long as you keep it. The HTTP client is shared
            /// as it is, unless one is set here.
            #[cfg(feature = "pool")]
            #[cfg_attr(docsrs, doc(cfg(feature = "pool")))]
            #[must_use]
            pub fn pool(mut self, pool: $crate::TokenPool) -> Self {
                self.$api = self.$api.pool(pool);
                self
            }
        }
    };
}
