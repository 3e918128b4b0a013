"""No part of the paper: how fast every stage is, against its plain form and against what this machine can do."""
