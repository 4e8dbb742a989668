//! Fakes and fixtures for tests: model servers, SSE reader, ChatKit schemas.
