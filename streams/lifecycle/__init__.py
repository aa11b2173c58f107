"""Layer 2: contact, ticket and agent lifecycles. Typed events in, integer contributions out.

Pure: no I/O, no clock. `entity.py` holds the law (a contribution is a function of the *set* of an
entity's events); `contact.py`, `ticket.py` and `agent.py` each hold one transition table.
"""
