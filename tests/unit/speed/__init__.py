"""No part of the paper: plain and fast forms side by side."""
