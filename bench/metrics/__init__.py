"""Section 4.3 and the metrics of other papers: one file a metric, one registry."""
