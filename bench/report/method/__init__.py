"""Figure 2 on one image: the whole method as one picture, for `zgs show`."""
