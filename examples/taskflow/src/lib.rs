//! TaskFlow, a small task manager as an MCP server: the tools of the demonstration.
