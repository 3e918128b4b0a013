"""Tables 1 to 5 and their differences: what stands in which cell, and the forms it is written in."""
