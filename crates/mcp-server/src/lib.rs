//! The kit for MCP tool servers: tools as functions, sign-in, mounting.
