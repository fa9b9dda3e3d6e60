//! Signing in against scripted answers.

mod app;
mod device;
mod id_tokens;
mod web;
