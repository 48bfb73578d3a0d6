//! Pictures drawn on the server: scales, what surrounds a drawing, and one file for each picture. Each is a figure
//! with a title, a sentence and a table of the same data; colours stand in the style sheet alone.

pub mod control;
mod frame;
pub mod gate_strip;
pub mod growth;
pub mod incubator;
mod individuals;
pub mod lineage;
mod load;
pub mod plan;
pub mod scale;
pub mod spans;
#[cfg(test)]
pub mod tests;
