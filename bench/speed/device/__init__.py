"""No part of the paper: speed and memory on a GPU, measured where there is one, else counted from shapes."""
