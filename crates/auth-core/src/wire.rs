//! How generated types read and write what the platforms send: leniently where documents say so.
