"""Tables 1 to 7 and the figures of the paper, from one yaml each and the folders of finished runs."""
