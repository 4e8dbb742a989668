//! A chat for your application that works with your application's own tools: one binary.
