//! Sign-in: credentials in, a principal out; and the user's identity on the way to tools.
