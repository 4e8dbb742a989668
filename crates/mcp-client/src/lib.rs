//! The MCP client: kept connections, identity at call time, tools for the agent.
