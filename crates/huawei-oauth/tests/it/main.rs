//! Tests of huawei-oauth from outside.

mod contract;
mod generated;
mod scripted;
mod sign_in;
