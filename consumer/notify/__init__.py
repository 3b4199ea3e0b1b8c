"""The loop of `notify`: rejected results in, each told of at most once, outages waited out."""
