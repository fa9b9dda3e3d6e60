//! Tests of welink-oauth from outside.
