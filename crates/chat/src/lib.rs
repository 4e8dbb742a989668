//! The chat itself: a ChatKit request in, JSON or the events of a turn out.
