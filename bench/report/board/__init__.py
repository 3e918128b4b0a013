"""The ablations of Tables 1 to 4 as one order: ranks with intervals, and who cannot be told apart, `zgs board`."""
