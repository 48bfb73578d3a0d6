//! The product: API, pages and commands over the records of one centre.

pub mod acting;
pub mod answer_headers;
pub mod api;
pub mod authority;
pub mod commands;
pub mod compression;
pub mod connection;
pub mod cross_site;
pub mod demo;
pub mod exporting;
pub mod jobs;
pub mod limits;
pub mod logging;
pub mod metrics;
pub mod pages;
pub mod rates;
pub mod request_log;
pub mod security_log;
pub mod server;
pub mod session;
pub mod settings;
pub mod submission;
pub mod tls;
pub mod words;
