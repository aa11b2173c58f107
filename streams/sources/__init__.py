"""Adapters from files of real systems to canonical events. They check what they build."""
