"""The contract with everybody outside: events, records, their words, bounds and schemas."""
