//! The emulator from outside, over HTTP.

mod client;
mod consent;
mod control;
mod faults;
mod harmony_push;
mod hms;
mod huawei_oauth;
mod iot_na;
mod mutations;
mod platforms;
mod program;
mod push;
mod receipts;
mod receiver;
mod recorder;
mod saml;
mod samples;
mod tables;
