"""The report site through the command line, and in a browser."""
