"""The two stages as units run them: records in, one transaction's writes out."""
