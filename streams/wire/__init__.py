"""Layer 1: JSON bytes to typed, validated events, their topics and keys."""
